-- Complaints: a named owner from the first moment, a clock, a reply; while one is open its order is not settled.

-- The officer nearest to an area (the narrowest grant over it), or with `above` the next wider one than hers.
CREATE OR REPLACE FUNCTION officer_in_charge(asked bigint, above bigint DEFAULT NULL) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  WITH covering AS (
    SELECT g.id, g.person_id, w.width FROM role_grant g
    CROSS JOIN LATERAL (SELECT CASE
      WHEN g.area_code % 10000000000000 = 0 THEN 10000000000000 WHEN g.area_code % 100000000000 = 0 THEN 100000000000
      WHEN g.area_code % 1000000000 = 0 THEN 1000000000 WHEN g.area_code % 1000000 = 0 THEN 1000000
      WHEN g.area_code % 1000 = 0 THEN 1000 ELSE 1 END AS width) AS w
    WHERE g.role = 'officer' AND g.revoked_at IS NULL AND asked >= g.area_code AND asked < g.area_code + w.width
  )
  SELECT person_id FROM covering
  WHERE above IS NULL OR width > COALESCE((SELECT min(width) FROM covering WHERE person_id = above), 0)
  ORDER BY width, id LIMIT 1
$$;

CREATE OR REPLACE FUNCTION begin_complaint() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  PERFORM FROM care_order WHERE id = NEW.order_id FOR NO KEY UPDATE;
  NEW.owner_id := officer_in_charge(NEW.area_code);
  IF NEW.owner_id IS NULL THEN
    RAISE EXCEPTION 'no officer covers area %', NEW.area_code
      USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_has_an_owner_check';
  END IF;
  IF NEW.order_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM care_order o WHERE o.id = NEW.order_id AND o.elder_id = NEW.elder_id AND o.area_code = NEW.area_code
        AND COALESCE(o.provider_id, o.chosen_provider_id, NEW.provider_id) = NEW.provider_id) THEN
    RAISE EXCEPTION 'complaint and order % do not fit', NEW.order_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_fits_its_order_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER complaint_begins BEFORE INSERT ON complaint
  FOR EACH ROW EXECUTE FUNCTION begin_complaint();

-- An answered complaint changes only by being reopened, once; an acknowledged one is never as if nobody had seen it.
CREATE OR REPLACE FUNCTION guard_complaint() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF (OLD.state = 'answered' AND NOT (NEW.state = 'acknowledged' AND NEW.times_reopened = OLD.times_reopened + 1))
     OR (OLD.state = 'acknowledged' AND NEW.state = 'open')
     OR (OLD.state <> 'answered' AND NEW.times_reopened <> OLD.times_reopened) THEN
    RAISE EXCEPTION 'complaint % cannot go from % to %', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_step_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER complaint_step BEFORE UPDATE ON complaint
  FOR EACH ROW EXECUTE FUNCTION guard_complaint();

CREATE OR REPLACE FUNCTION refuse_line_in_complaint() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  PERFORM FROM care_order WHERE id = NEW.order_id FOR SHARE;
  IF EXISTS (SELECT FROM complaint WHERE order_id = NEW.order_id AND state <> 'answered') THEN
    RAISE EXCEPTION 'order % has an open complaint', NEW.order_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_line_no_open_complaint_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER settlement_line_without_complaint BEFORE INSERT ON settlement_line
  FOR EACH ROW WHEN (NEW.kind <> 'correction') EXECUTE FUNCTION refuse_line_in_complaint();

SELECT let_look_past('officer_in_charge(bigint, bigint)', 'begin_complaint()', 'refuse_line_in_complaint()');
SELECT guard_rows('complaint',
  '{office} OR complainant_id = {me} OR owner_id = {me} OR elder_id = {elders} OR provider_id = {providers}');
SELECT guard_rows('complaint_event', '{office} OR complaint_id IN (SELECT id FROM complaint)');

-- What was complained of stays as it was told; the log is written once.
REVOKE UPDATE, DELETE, TRUNCATE ON complaint, complaint_event FROM yinling_app, yinling_jobs;
GRANT UPDATE (state, acknowledged_at, owner_id, escalations, statement, statement_by, statement_at, outcome, reply,
              closed_at, closed_by, times_reopened, reopen_reason, answer_by) ON complaint TO yinling_app, yinling_jobs;
GRANT UPDATE (contact_sealed) ON complaint TO yinling_jobs;  -- sealed anew under a new key, cleared when she is erased
SELECT write_once('complaint_event');

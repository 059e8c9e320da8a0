-- Breaking the glass: one elder's record, for half an hour, to somebody who has no right to it, in an emergency. Who asked,
-- why, and every look through it are rows before anything is seen; somebody else judges it within a day.

-- Open one elder's record. Name and one more fact must fit exactly one elder who lives; nothing is given away otherwise.
CREATE OR REPLACE FUNCTION break_the_glass(told_name text, told_id_hash bytea, told_phone_hash bytea, told_born date,
  told_kind text, told_reason text, told_role text, told_channel text, at_moment timestamptz)
RETURNS TABLE (glass_id bigint, elder_id bigint, area_code bigint, expires_at timestamptz, review_due_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
#variable_conflict use_column
DECLARE
  found bigint[];
BEGIN
  IF acting_person() IS NULL OR told_role NOT IN ('officer', 'operator', 'administrator') OR NOT EXISTS (
       SELECT FROM role_grant WHERE person_id = acting_person() AND role = told_role AND revoked_at IS NULL) THEN
    RAISE EXCEPTION 'not for this role' USING ERRCODE = 'check_violation', CONSTRAINT = 'break_glass_role_check';
  END IF;
  IF EXISTS (SELECT FROM break_glass WHERE asker_id = acting_person() AND barred_until > at_moment) THEN
    RAISE EXCEPTION 'barred after a review' USING ERRCODE = 'check_violation', CONSTRAINT = 'break_glass_barred_check';
  END IF;
  IF (SELECT count(*) FROM break_glass WHERE asker_id = acting_person() AND asked_at > at_moment - interval '24 hours') >= 5
     OR (SELECT count(*) FROM act WHERE actor_id = acting_person() AND verb = 'break_glass_in_vain'
         AND happened_at > at_moment - interval '24 hours') >= 10 THEN
    RAISE EXCEPTION 'too often in a day' USING ERRCODE = 'check_violation', CONSTRAINT = 'break_glass_too_often_check';
  END IF;
  SELECT array_agg(p.id) INTO found FROM person p JOIN elder e ON e.person_id = p.id
  WHERE p.full_name = btrim(told_name) AND p.died_on IS NULL
    AND (p.id_number_hash = told_id_hash OR p.phone_hash = told_phone_hash OR p.born_on = told_born);
  IF COALESCE(cardinality(found), 0) <> 1 THEN
    RETURN;
  END IF;
  RETURN QUERY
  INSERT INTO break_glass AS g (asker_id, asker_role, elder_id, area_code, kind, reason, channel, asked_at, expires_at, review_due_at)
  SELECT acting_person(), told_role, p.id, p.area_code, told_kind, btrim(told_reason), told_channel, at_moment,
    at_moment + interval '30 minutes', at_moment + interval '24 hours'
  FROM person p WHERE p.id = found[1]
  RETURNING g.id, g.elder_id, g.area_code, g.expires_at, g.review_due_at;
END
$$;

-- Write a look down and open the elder to the rest of this transaction; NULL when the opening is not hers or is over.
CREATE OR REPLACE FUNCTION look_through_glass(asked_glass bigint, told_what text, told_channel text, told_request text,
  at_moment timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  g break_glass;
BEGIN
  SELECT * INTO g FROM break_glass WHERE id = asked_glass AND asker_id = acting_person() AND closed_at IS NULL
    AND expires_at > house_now();
  IF g.id IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO break_glass_reading (glass_id, reader_id, elder_id, area_code, what, channel, request_id, happened_at, tx)
  VALUES (g.id, acting_person(), g.elder_id, g.area_code, told_what, told_channel, told_request, at_moment,
          pg_current_xact_id()::text::bigint);
  PERFORM set_config('app.glass', g.id::text, true);
  RETURN g.elder_id;
END
$$;

-- Its asker ends it early.
CREATE OR REPLACE FUNCTION close_the_glass(asked_glass bigint, at_moment timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  UPDATE break_glass SET closed_at = at_moment
  WHERE id = asked_glass AND asker_id = acting_person() AND closed_at IS NULL AND expires_at > at_moment;
  RETURN FOUND;
END
$$;

-- Somebody else judges: an officer or administrator whose area holds the elder's, never the asker. False when it is judged.
CREATE OR REPLACE FUNCTION judge_the_glass(asked_glass bigint, told_verdict text, told_note text, told_consequence text,
  told_barred_until timestamptz, at_moment timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  g break_glass;
BEGIN
  SELECT * INTO g FROM break_glass WHERE id = asked_glass FOR UPDATE;
  IF g.id IS NULL OR NOT may_judge_glass(g.area_code) THEN
    RETURN NULL;
  END IF;
  IF g.reviewed_at IS NOT NULL THEN
    RETURN false;
  END IF;
  UPDATE break_glass SET reviewed_at = at_moment, reviewed_by = acting_person(), verdict = told_verdict,
    verdict_note = told_note, consequence = told_consequence, barred_until = told_barred_until,
    closed_at = CASE WHEN expires_at > at_moment THEN COALESCE(closed_at, at_moment) ELSE closed_at END
  WHERE id = asked_glass;
  RETURN true;
END
$$;

-- How many codes an area holds: 10 to the number of zeros its level leaves (province 13, city 11, district 9, street 6, ...).
CREATE OR REPLACE FUNCTION area_width(area bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
  SELECT max(w) FROM unnest(ARRAY[1, 1000, 1000000, 1000000000, 100000000000, 10000000000000]::bigint[]) AS w WHERE area % w = 0
$$;

-- Does she hold an office (officer, or administrator as second person) over this area?
CREATE OR REPLACE FUNCTION may_judge_glass(asked_area bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (
    SELECT FROM role_grant WHERE person_id = acting_person() AND role IN ('officer', 'administrator') AND revoked_at IS NULL
      AND asked_area - asked_area % area_width(area_code) = area_code)
$$;

-- What nobody judged in time: marked once; the job tells the auditors and administrators.
CREATE OR REPLACE FUNCTION overdue_glass(at_moment timestamptz)
RETURNS TABLE (glass_id bigint, elder_id bigint, area_code bigint, asker_id bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  UPDATE break_glass SET escalated_at = at_moment
  WHERE reviewed_at IS NULL AND escalated_at IS NULL AND review_due_at < at_moment
  RETURNING id, elder_id, area_code, asker_id
$$;

SELECT let_look_past('break_the_glass(text, bytea, bytea, date, text, text, text, text, timestamptz)',
  'look_through_glass(bigint, text, text, text, timestamptz)', 'close_the_glass(bigint, timestamptz)',
  'judge_the_glass(bigint, text, text, text, timestamptz, timestamptz)', 'may_judge_glass(bigint)', 'overdue_glass(timestamptz)');
REVOKE EXECUTE ON FUNCTION overdue_glass(timestamptz) FROM yinling_app;

-- Who sees that glass was broken: who did, the elder's side, her office, and who may judge it.
SELECT guard_rows('break_glass', '{office} OR elder_id = {elders} OR asker_id = {me}'
  ' OR ((SELECT is_administrator()) AND may_judge_glass(area_code))', verb => 'SELECT');
SELECT guard_rows('break_glass_reading', '{office} OR elder_id = {elders} OR reader_id = {me}'
  ' OR ((SELECT is_administrator()) AND may_judge_glass(area_code))', verb => 'SELECT');
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON break_glass FROM yinling_app, yinling_jobs;
CREATE OR REPLACE TRIGGER break_glass_no_truncate BEFORE TRUNCATE ON break_glass
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What an opening opens, to be read only: herself, her record, her relatives' bindings, duties, doors, visits.
-- Without an opening the setting is empty and the function is not asked.
DO $$
DECLARE
  rule record;
  glass constant text := '(SELECT CASE WHEN current_setting(''app.glass'', true) <> '''' THEN opened_elder() END)';
BEGIN
  FOR rule IN
    SELECT * FROM (VALUES ('person', 'id'), ('elder', 'person_id'), ('proxy', 'elder_id'), ('visit_duty', 'elder_id'),
      ('visit_attempt', 'elder_id'), ('escalation', 'elder_id'), ('visit', 'elder_id')) AS r (opened, whose)
  LOOP
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', rule.opened || '_through_broken_glass', rule.opened);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO yinling_app USING (%I = %s)',
                   rule.opened || '_through_broken_glass', rule.opened, rule.whose, glass);
  END LOOP;
END
$$;

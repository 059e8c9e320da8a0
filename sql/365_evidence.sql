-- What stands behind a visit: exceptions, risks, photos, calls, signed events, doubts. Who sees what, and what nobody may change.

-- An exception, a photo and a doubt speak of their visit's elder, visitor and area, whatever was handed in.
CREATE OR REPLACE FUNCTION copy_from_visit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  of_visit visit;
BEGIN
  SELECT * INTO of_visit FROM visit WHERE id = NEW.visit_id;
  NEW.elder_id := of_visit.elder_id;
  NEW.area_code := of_visit.area_code;
  IF TG_TABLE_NAME = 'visit_exception' THEN
    NEW.visitor_id := of_visit.visitor_id;
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION copy_from_visit() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER visit_exception_of_its_visit BEFORE INSERT ON visit_exception
  FOR EACH ROW EXECUTE FUNCTION copy_from_visit();
CREATE OR REPLACE TRIGGER visit_photo_of_its_visit BEFORE INSERT ON visit_photo
  FOR EACH ROW EXECUTE FUNCTION copy_from_visit();

-- What was said stays; a decision is written once.
CREATE OR REPLACE FUNCTION guard_visit_exception() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
DECLARE
  decided constant text[] := ARRAY['decision', 'decision_note', 'decided_by', 'decided_at'];
BEGIN
  IF OLD.decision IS NOT NULL OR to_jsonb(NEW) - decided <> to_jsonb(OLD) - decided THEN
    RAISE EXCEPTION 'exception % is said and decided once', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'visit_exception_decided_once';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER visit_exception_decided_once BEFORE UPDATE ON visit_exception
  FOR EACH ROW EXECUTE FUNCTION guard_visit_exception();

-- The six facts of a visit, once proved, are not written over: who, whom, what, and each moment with its source.
-- Only a position may be taken out again, when it has been kept long enough.
CREATE OR REPLACE FUNCTION guard_visit_facts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
DECLARE
  place constant text[] := ARRAY['lon', 'lat', 'accuracy_m', 'distance_m'];
BEGIN
  IF (NEW.order_id, NEW.need_id, NEW.elder_id, NEW.visitor_id, NEW.planned_start, NEW.planned_end)
       IS DISTINCT FROM (OLD.order_id, OLD.need_id, OLD.elder_id, OLD.visitor_id, OLD.planned_start, OLD.planned_end)
     OR (OLD.checked_in_at IS NOT NULL AND (NEW.checked_in_at, NEW.check_in_recorded_at, NEW.check_in_proof)
       IS DISTINCT FROM (OLD.checked_in_at, OLD.check_in_recorded_at, OLD.check_in_proof))
     OR (OLD.checked_in_at IS NOT NULL AND NOT (OLD.check_in_facts @> NEW.check_in_facts
       AND NEW.check_in_facts - place = OLD.check_in_facts - place))
     OR (OLD.checked_out_at IS NOT NULL AND (NEW.checked_out_at, NEW.check_out_recorded_at, NEW.risks, NEW.tasks_done)
       IS DISTINCT FROM (OLD.checked_out_at, OLD.check_out_recorded_at, OLD.risks, OLD.tasks_done))
     OR (OLD.checked_out_at IS NOT NULL AND NOT (OLD.check_out_facts @> NEW.check_out_facts
       AND NEW.check_out_facts - place = OLD.check_out_facts - place)) THEN
    RAISE EXCEPTION 'the facts of visit % are proved; raise an exception instead', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'visit_facts_are_written_once';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER visit_facts_are_written_once BEFORE UPDATE ON visit
  FOR EACH ROW WHEN (OLD.state IN ('started', 'finished')) EXECUTE FUNCTION guard_visit_facts();

SELECT write_once('visit_photo', 'visit_call', 'device_event', 'plausibility_formula');
REVOKE UPDATE, DELETE, TRUNCATE ON visit_photo, visit_call, device_event, plausibility_formula
  FROM yinling_app, yinling_jobs;

-- The house turns its key ring: it may seal what a phone sent anew, and change nothing else of it.
CREATE OR REPLACE FUNCTION refuse_change_but_sealing() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'body_sealed' = to_jsonb(OLD) - 'body_sealed' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'rows of % are written once', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END
$$;
CREATE OR REPLACE TRIGGER device_event_append_only BEFORE UPDATE OR DELETE ON device_event
  FOR EACH ROW EXECUTE FUNCTION refuse_change_but_sealing();
GRANT UPDATE (body_sealed) ON device_event TO yinling_jobs;
REVOKE INSERT, UPDATE ON evidence_reason, risk_sign, plausibility_formula FROM yinling_app;
REVOKE UPDATE ON visit_exception, carer_device, visit_doubt FROM yinling_app;
GRANT UPDATE (decision, decision_note, decided_by, decided_at) ON visit_exception TO yinling_app;
GRANT UPDATE (revoked_at, revoked_by) ON carer_device TO yinling_app;
GRANT UPDATE (looked_at, looked_by, looked_note) ON visit_doubt TO yinling_app;
REVOKE INSERT ON visit_alert, visit_call, visit_doubt FROM yinling_app;
GRANT INSERT ON visit_call TO yinling_app;

SELECT guard_rows('visit_exception',
  '{office} OR elder_id = {elders} OR visitor_id = {me} OR visit_id IN (SELECT id FROM visit)');
SELECT guard_rows('visit_alert', '{office} OR in_charge_id = {me}');
SELECT guard_rows('visit_photo', '{office} OR elder_id = {elders} OR taken_by = {me}');
SELECT guard_rows('visit_call', '{office} OR elder_id = {elders} OR visit_id IN (SELECT id FROM visit)');
SELECT guard_rows('carer_device',
  'person_id = {me} OR EXISTS (SELECT FROM carer c WHERE c.person_id = carer_device.person_id AND c.provider_id = {providers})');
SELECT guard_rows('device_event', 'person_id = {me} OR visit_id IN (SELECT id FROM visit)');
SELECT guard_rows('visit_doubt', '{office}');

-- Whoever stands at the door keeps a photo of her visit, and does not see the elder's other files.
DROP POLICY IF EXISTS attachment_of_the_visitor ON attachment;
CREATE POLICY attachment_of_the_visitor ON attachment FOR INSERT TO yinling_app
  WITH CHECK (purpose = 'photo' AND uploaded_by = (SELECT acting_person()) AND EXISTS (
    SELECT FROM visit v WHERE v.visitor_id = (SELECT acting_person()) AND v.elder_id = attachment.elder_id
      AND v.area_code = attachment.area_code AND v.state IN ('started', 'finished')));

-- May photos of this elder's visits be kept? The one question, asked by whoever stands at her door.
CREATE OR REPLACE FUNCTION may_keep_photos(asked_elder bigint, at_moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT has_consent(asked_elder, 'photos')
$$;
ALTER FUNCTION may_keep_photos(bigint, timestamptz) OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION may_keep_photos(bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION may_keep_photos(bigint, timestamptz) TO yinling_app, yinling_jobs, yinling_definer;

-- No photo is kept against the elder's word, whoever writes.
CREATE OR REPLACE FUNCTION guard_visit_photo() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF NOT may_keep_photos(NEW.elder_id, NEW.recorded_at) THEN
    RAISE EXCEPTION 'no photos are kept at visits to elder %', NEW.elder_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'visit_photo_with_consent_check';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION guard_visit_photo() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER visit_photo_with_consent BEFORE INSERT ON visit_photo
  FOR EACH ROW EXECUTE FUNCTION guard_visit_photo();

-- Whose telephone a call about a visit came from: one word, and nothing of either number.
CREATE OR REPLACE FUNCTION whose_number(asked_visit bigint, asked_hash bytea) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT COALESCE((
    SELECT CASE WHEN e.phone_hash = asked_hash THEN 'elder' WHEN v.phone_hash = asked_hash THEN 'visitor' END
    FROM visit x JOIN person e ON e.id = x.elder_id JOIN person v ON v.id = x.visitor_id WHERE x.id = asked_visit), 'nobody')
$$;
ALTER FUNCTION whose_number(bigint, bytea) OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION whose_number(bigint, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION whose_number(bigint, bytea) TO yinling_app, yinling_jobs, yinling_definer;

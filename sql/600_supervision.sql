-- Supervision (docs/supervision.md): filings and certificates of grade are public, written by the office of the site's
-- area, and written once; of a certificate only its taking away is added.

-- The grade that holds for a site on a day: of the certificate issued last, if it is valid; NULL without one.
CREATE OR REPLACE FUNCTION facility_grade(asked bigint, on_day date) RETURNS int
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS
$$
  SELECT CASE WHEN expires_on >= on_day AND (revoked_on IS NULL OR revoked_on > on_day) THEN grade END
  FROM institution_grade WHERE facility_id = asked AND issued_on <= on_day AND NOT mistaken
  ORDER BY issued_on DESC, id DESC LIMIT 1
$$;

-- A step of a filing follows the one before it, on no earlier day; two at once wait for each other at the site.
CREATE OR REPLACE FUNCTION guard_filing_step() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  last institution_filing;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('filing/' || NEW.facility_id, 0));
  SELECT * INTO last FROM institution_filing WHERE facility_id = NEW.facility_id ORDER BY id DESC LIMIT 1;
  IF NOT (CASE last.step
      WHEN 'applied' THEN NEW.step IN ('filed', 'withdrawn')
      WHEN 'filed' THEN NEW.step IN ('changed', 'withdrawn')
      WHEN 'changed' THEN NEW.step IN ('changed', 'withdrawn')
      WHEN 'withdrawn' THEN NEW.step = 'applied'
      ELSE NEW.step IN ('applied', 'filed') END) THEN
    RAISE EXCEPTION 'a filing goes from % to %', last.step, NEW.step
      USING ERRCODE = 'check_violation', CONSTRAINT = 'institution_filing_follows_check';
  END IF;
  IF NEW.on_day < last.on_day THEN
    RAISE EXCEPTION 'a step of % before the one of %', NEW.on_day, last.on_day
      USING ERRCODE = 'check_violation', CONSTRAINT = 'institution_filing_day_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER institution_filing_follows BEFORE INSERT ON institution_filing
  FOR EACH ROW EXECUTE FUNCTION guard_filing_step();

-- What an office writes down about a site belongs to the site's area, whatever the row says.
CREATE OR REPLACE FUNCTION keep_area_of_site() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  SELECT area_code INTO NEW.area_code FROM facility WHERE id = NEW.facility_id;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER institution_filing_area BEFORE INSERT ON institution_filing
  FOR EACH ROW EXECUTE FUNCTION keep_area_of_site();
CREATE OR REPLACE TRIGGER institution_grade_area BEFORE INSERT ON institution_grade
  FOR EACH ROW EXECUTE FUNCTION keep_area_of_site();
CREATE OR REPLACE TRIGGER grade_request_area BEFORE INSERT ON grade_request
  FOR EACH ROW EXECUTE FUNCTION keep_area_of_site();

-- A certificate taken away stays taken away; an answered request stays answered.
CREATE OR REPLACE FUNCTION guard_grade() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF TG_TABLE_NAME = 'grade_request' THEN
    IF OLD.state <> 'asked' THEN
      RAISE EXCEPTION 'request % was answered', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'grade_request_step_check';
    END IF;
  ELSIF OLD.revoked_on IS NOT NULL THEN
    RAISE EXCEPTION 'certificate % was taken away', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'institution_grade_revoked_once_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER institution_grade_step BEFORE UPDATE ON institution_grade
  FOR EACH ROW EXECUTE FUNCTION guard_grade();
CREATE OR REPLACE TRIGGER grade_request_step BEFORE UPDATE ON grade_request
  FOR EACH ROW EXECUTE FUNCTION guard_grade();

SELECT let_look_past('guard_filing_step()', 'keep_area_of_site()');

REVOKE UPDATE, DELETE, TRUNCATE ON institution_filing, institution_grade, grade_request FROM yinling_app, yinling_jobs;
GRANT UPDATE (revoked_on, revoke_reason, revoked_by, mistaken) ON institution_grade TO yinling_app, yinling_jobs;
GRANT UPDATE (state, grade_id, reply, decided_by, decided_at) ON grade_request TO yinling_app, yinling_jobs;
SELECT write_once('institution_filing');

SELECT guard_rows('institution_filing', 'true');
SELECT guard_rows('institution_grade', 'true');
SELECT guard_rows('grade_request', '{office} OR provider_id = {providers}');
SELECT guard_writing('institution_filing', '{office}', 'INSERT');
SELECT guard_writing('institution_grade', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('grade_request', '{office}', 'UPDATE');

-- Checks and draws. A draw's lists and commitment are written once; the seed is shown once, and PostgreSQL draws again
-- by the published procedure before it lets a drawn institution in.
CREATE OR REPLACE FUNCTION drawn_codes(pool text, seed text, public_word text)
RETURNS TABLE (list_name text, code text, ticket text, place bigint)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public AS
$$
  WITH tickets AS (
    SELECT l.name, t.code, encode(sha256(convert_to(seed || '|' || public_word || '|' || l.name || '|' || t.code, 'UTF8')), 'hex') AS ticket
    FROM (VALUES ('key'), ('others')) AS l (name), jsonb_array_elements_text(pool::jsonb -> l.name) AS t (code)
  ), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY name ORDER BY ticket COLLATE "C", code COLLATE "C") AS rank FROM tickets
  )
  SELECT name, code, ticket, row_number() OVER (ORDER BY name COLLATE "C", rank)
  FROM ranked WHERE rank <= (pool::jsonb ->> (name || '_wanted'))::int
$$;

CREATE OR REPLACE FUNCTION guard_draw() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF OLD.seed IS NOT NULL AND (NEW.seed, NEW.public_word, NEW.results, NEW.revealed_at, NEW.revealed_by)
     IS DISTINCT FROM (OLD.seed, OLD.public_word, OLD.results, OLD.revealed_at, OLD.revealed_by) THEN
    RAISE EXCEPTION 'draw % was revealed', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'inspection_draw_revealed_once_check';
  END IF;
  IF (NEW.pool, NEW.pool_hash, NEW.seed_hash, NEW.method, NEW.public_source, NEW.committed_at, NEW.area_code, NEW.checklist_id)
     IS DISTINCT FROM
     (OLD.pool, OLD.pool_hash, OLD.seed_hash, OLD.method, OLD.public_source, OLD.committed_at, OLD.area_code, OLD.checklist_id) THEN
    RAISE EXCEPTION 'what draw % committed to does not change', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'inspection_draw_frozen_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER inspection_draw_frozen BEFORE UPDATE ON inspection_draw
  FOR EACH ROW EXECUTE FUNCTION guard_draw();
CREATE OR REPLACE TRIGGER inspection_draw_stays BEFORE DELETE ON inspection_draw
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE FUNCTION guard_drawn_target() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  d inspection_draw;
BEGIN
  SELECT * INTO d FROM inspection_draw WHERE id = NEW.draw_id FOR SHARE;
  IF d.seed IS NULL OR NOT EXISTS (
      SELECT FROM drawn_codes(d.pool, d.seed, d.public_word) c JOIN facility f ON f.code = c.code
      WHERE f.id = NEW.facility_id AND c.list_name = NEW.list_name AND c.ticket = NEW.ticket AND c.place = NEW.place)
     OR NOT EXISTS (
      SELECT FROM jsonb_array_elements(d.results) AS r
      WHERE (r ->> 'place')::int = NEW.place AND r -> 'inspectors' = to_jsonb(NEW.inspectors))
     OR EXISTS (
      SELECT FROM jsonb_array_elements(d.pool::jsonb -> 'conflicts') AS c JOIN facility f ON f.code = c ->> 1
      WHERE f.id = NEW.facility_id AND (c ->> 0) = ANY (NEW.inspectors)) THEN
    RAISE EXCEPTION 'facility % was not drawn so', NEW.facility_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'drawn_target_of_the_draw_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER drawn_target_of_the_draw BEFORE INSERT ON drawn_target
  FOR EACH ROW EXECUTE FUNCTION guard_drawn_target();

-- An inspection belongs to its site and provider; a drawn one to its target, its list and its inspectors; done, it stays.
CREATE OR REPLACE FUNCTION guard_inspection() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state = 'done' THEN
    RAISE EXCEPTION 'inspection % is done', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'inspection_done_once_check';
  END IF;
  IF NOT EXISTS (SELECT FROM facility f WHERE f.id = NEW.facility_id AND f.provider_id = NEW.provider_id)
        AND TG_OP = 'INSERT'
     OR NEW.target_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM drawn_target t JOIN inspection_draw d ON d.id = t.draw_id
      WHERE t.id = NEW.target_id AND t.facility_id = NEW.facility_id AND d.checklist_id = NEW.checklist_id
        AND t.inspectors = NEW.inspectors) THEN
    RAISE EXCEPTION 'inspection and draw do not fit'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'inspection_of_its_target_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER inspection_of_its_target BEFORE INSERT OR UPDATE ON inspection
  FOR EACH ROW EXECUTE FUNCTION guard_inspection();

-- Results come in with their inspection and not after it.
CREATE OR REPLACE FUNCTION guard_inspection_item() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF EXISTS (SELECT FROM inspection WHERE id = NEW.inspection_id AND state = 'done') THEN
    RAISE EXCEPTION 'inspection % is done', NEW.inspection_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'inspection_done_once_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER inspection_item_in_time BEFORE INSERT ON inspection_item
  FOR EACH ROW EXECUTE FUNCTION guard_inspection_item();

-- Anybody reads every draw: what was committed to at once, the lists and the seed once they are shown.
CREATE OR REPLACE FUNCTION public_draws()
RETURNS TABLE (id bigint, area_code bigint, title text, checklist_id bigint, method text, pool text, pool_hash text,
               seed_hash text, public_source text, committed_at timestamptz, seed text, public_word text, results jsonb,
               revealed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT d.id, d.area_code, d.title, d.checklist_id, d.method, CASE WHEN d.seed IS NOT NULL THEN d.pool END, d.pool_hash,
    d.seed_hash, d.public_source, d.committed_at, d.seed, d.public_word, d.results, d.revealed_at
  FROM inspection_draw d
$$;

-- Whom an inspector must not inspect: providers she works or worked for, in whatever office, and those declared.
CREATE OR REPLACE FUNCTION inspector_conflicts(asked bigint[])
RETURNS TABLE (inspector_id bigint, provider_id bigint, ground text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT i.id, g.provider_id, 'worked_there' FROM inspector i JOIN role_grant g ON g.person_id = i.person_id
  WHERE i.id = ANY (asked) AND g.provider_id IS NOT NULL
    AND (i.area_code BETWEEN acting_lo() AND acting_hi() OR session_user = 'yinling_jobs')
  UNION
  SELECT i.id, c.provider_id, 'worked_there' FROM inspector i JOIN carer c ON c.person_id = i.person_id
  WHERE i.id = ANY (asked) AND (i.area_code BETWEEN acting_lo() AND acting_hi() OR session_user = 'yinling_jobs')
  UNION
  SELECT c.inspector_id, c.provider_id, 'declared' FROM inspector_conflict c
  WHERE c.inspector_id = ANY (asked) AND (c.area_code BETWEEN acting_lo() AND acting_hi() OR session_user = 'yinling_jobs')
$$;
SELECT let_look_past('guard_drawn_target()', 'guard_inspection()', 'guard_inspection_item()', 'public_draws()',
                     'inspector_conflicts(bigint[])');

CREATE OR REPLACE TRIGGER site_certificate_area BEFORE INSERT ON site_certificate
  FOR EACH ROW EXECUTE FUNCTION keep_area_of_site();
CREATE OR REPLACE TRIGGER key_target_area BEFORE INSERT ON key_target
  FOR EACH ROW EXECUTE FUNCTION keep_area_of_site();
CREATE OR REPLACE TRIGGER inspection_area BEFORE INSERT ON inspection
  FOR EACH ROW EXECUTE FUNCTION keep_area_of_site();

REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON checklist FROM yinling_app;
REVOKE UPDATE, DELETE, TRUNCATE ON checklist, site_certificate, inspector, inspector_conflict, key_target, inspection_draw,
  drawn_target, inspection, inspection_item FROM yinling_app, yinling_jobs;
GRANT UPDATE (withdrawn_on, withdrawn_reason) ON site_certificate TO yinling_app, yinling_jobs;
GRANT UPDATE (left_on) ON inspector TO yinling_app, yinling_jobs;
GRANT UPDATE (ended_on, end_reason) ON key_target TO yinling_app, yinling_jobs;
GRANT UPDATE (seed, public_word, results, revealed_at, revealed_by) ON inspection_draw TO yinling_app;
GRANT UPDATE (seed_sealed) ON inspection_draw TO yinling_jobs;  -- sealed anew under a new key
GRANT UPDATE (state, visited_on, inspectors, conclusion, passed, failed, recorded_by, recorded_at) ON inspection
  TO yinling_app, yinling_jobs;
SELECT write_once('checklist', 'inspector_conflict', 'drawn_target', 'inspection_item');

SELECT guard_rows('site_certificate', 'true');
SELECT guard_rows('key_target', 'true');
SELECT guard_rows('drawn_target', 'true');
SELECT guard_rows('inspector', '{office} OR person_id = {me}');
SELECT guard_rows('inspector_conflict', '{office}');
SELECT guard_rows('inspection_draw', '{office}');
SELECT guard_rows('inspection', 'state = ''done'' OR {office} OR provider_id = {providers}', 'true');
SELECT guard_rows('inspection_item', 'true');
SELECT guard_writing('site_certificate', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('key_target', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('drawn_target', '{office}', 'INSERT');
SELECT guard_writing('inspector', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('inspection', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('inspection_item', '{office}', 'INSERT');

-- Incidents and cases. What was told stays; a case goes from step to step and closes when everything decided was done.
CREATE OR REPLACE FUNCTION lives_in(asked_elder bigint, asked_site bigint, on_day date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (SELECT FROM bed_stay s JOIN bed b ON b.id = s.bed_id JOIN facility f ON f.id = b.facility_id
                 WHERE s.elder_id = asked_elder AND b.facility_id = asked_site AND s.during @> on_day
                   AND f.provider_id = ANY (linked_providers()))
$$;

-- Who lives in the institutions she dispatches for, by name: an incident is reported of one of them.
CREATE OR REPLACE FUNCTION residents_of_mine() RETURNS TABLE (elder_id bigint, full_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT DISTINCT p.id, p.full_name FROM bed_stay s JOIN bed b ON b.id = s.bed_id JOIN facility f ON f.id = b.facility_id
  JOIN person p ON p.id = s.elder_id
  WHERE f.provider_id = ANY (linked_providers()) AND b.kind = 'institution'
    AND s.during @> (now() AT TIME ZONE 'Asia/Shanghai')::date
$$;

CREATE OR REPLACE FUNCTION guard_incident() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF current_user = 'yinling_app' AND (OLD.state = 'closed' OR (OLD.state = 'handled' AND NEW.state = 'reported')
     OR (NEW.state = 'closed' AND NOT COALESCE(OLD.area_code BETWEEN acting_lo() AND acting_hi(), false))) THEN
    RAISE EXCEPTION 'incident % cannot go from % to %', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'check_violation', CONSTRAINT = 'incident_step_order_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER incident_step_order BEFORE UPDATE ON incident
  FOR EACH ROW EXECUTE FUNCTION guard_incident();

CREATE OR REPLACE FUNCTION guard_case() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF NOT (CASE OLD.state
      WHEN 'found' THEN NEW.state IN ('answered', 'decided')
      WHEN 'answered' THEN NEW.state IN ('answered', 'decided')
      WHEN 'decided' THEN NEW.state IN ('decided', 'closed')
      ELSE false END) OR (OLD.state = 'decided' AND NEW.answer IS DISTINCT FROM OLD.answer) THEN
    RAISE EXCEPTION 'case % cannot go from % to %', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'check_violation', CONSTRAINT = 'supervision_case_step_check';
  END IF;
  IF NEW.state = 'decided' AND NOT EXISTS (SELECT FROM case_decision WHERE case_id = NEW.id)
     OR NEW.state = 'closed' AND (
       EXISTS (SELECT FROM case_decision WHERE case_id = NEW.id AND done_on IS NULL)
       OR EXISTS (SELECT FROM case_referral WHERE case_id = NEW.id AND answered_at IS NULL)) THEN
    RAISE EXCEPTION 'case % has something left to do', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'supervision_case_all_done_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER supervision_case_step BEFORE UPDATE ON supervision_case
  FOR EACH ROW EXECUTE FUNCTION guard_case();

-- Nothing is decided before the provider answered or its days were over; money back is a counter-line of its own line.
CREATE OR REPLACE FUNCTION guard_case_decision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  c supervision_case;
BEGIN
  SELECT * INTO c FROM supervision_case WHERE id = NEW.case_id FOR NO KEY UPDATE;
  IF c.state = 'closed' OR (c.state = 'found' AND NEW.decided_at < c.answer_by) OR c.provider_id <> NEW.provider_id
     OR c.area_code <> NEW.area_code THEN
    RAISE EXCEPTION 'case % is not to be decided', c.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'case_decision_in_time_check';
  END IF;
  IF NEW.kind = 'recovery' AND NOT EXISTS (
      SELECT FROM settlement_line back JOIN settlement_line line ON line.id = back.counters_id
      WHERE back.id = NEW.correction_id AND line.id = NEW.line_id AND line.provider_id = NEW.provider_id
        AND NEW.amount_fen = -(back.government_fen + back.insurance_fen + back.voucher_fen + back.self_fen)) THEN
    RAISE EXCEPTION 'line % was not taken back', NEW.line_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'case_decision_of_its_line_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER case_decision_in_time BEFORE INSERT ON case_decision
  FOR EACH ROW EXECUTE FUNCTION guard_case_decision();

CREATE OR REPLACE FUNCTION guard_done_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF (to_jsonb(OLD) ->> TG_ARGV[0]) IS NOT NULL THEN
    RAISE EXCEPTION '% % is done', TG_TABLE_NAME, OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_done_once_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER case_decision_done_once BEFORE UPDATE ON case_decision
  FOR EACH ROW EXECUTE FUNCTION guard_done_once('done_on');
CREATE OR REPLACE TRIGGER case_referral_done_once BEFORE UPDATE ON case_referral
  FOR EACH ROW EXECUTE FUNCTION guard_done_once('answered_at');
SELECT let_look_past('lives_in(bigint, bigint, date)', 'residents_of_mine()', 'guard_case()', 'guard_case_decision()');

CREATE OR REPLACE TRIGGER incident_area BEFORE INSERT ON incident
  FOR EACH ROW EXECUTE FUNCTION keep_area_of_site();

REVOKE UPDATE, DELETE, TRUNCATE ON incident, incident_step, supervision_case, case_decision, case_referral, case_event
  FROM yinling_app, yinling_jobs;
GRANT UPDATE (state, responsible, closed_at, closed_by) ON incident TO yinling_app, yinling_jobs;
GRANT UPDATE (told_sealed) ON incident, incident_step TO yinling_jobs;  -- sealed anew under a new key, cleared when she is erased
GRANT UPDATE (state, answer, answered_at, answered_by, decided_at, closed_at, closed_by) ON supervision_case
  TO yinling_app, yinling_jobs;
GRANT UPDATE (done_on, done_note, done_by) ON case_decision TO yinling_app;
GRANT UPDATE (reference, answer, answered_at) ON case_referral TO yinling_app;
SELECT write_once('case_event');

SELECT guard_rows('incident', '{office} OR provider_id = {providers} OR elder_id = {elders}');
SELECT guard_rows('incident_step', '{office} OR provider_id = {providers} OR elder_id = {elders}');
SELECT guard_rows('supervision_case', '{office} OR provider_id = {providers}');
SELECT guard_rows('case_decision', '{office} OR provider_id = {providers}');
SELECT guard_rows('case_referral', '{office}');
SELECT guard_rows('case_event', '{office} OR provider_id = {providers}');
SELECT guard_writing('incident', '{office} OR provider_id = {providers}', 'INSERT', 'UPDATE');
SELECT guard_writing('incident_step', '{office} OR provider_id = {providers}', 'INSERT');
SELECT guard_writing('supervision_case', '{office}', 'INSERT');
SELECT guard_writing('case_decision', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('case_referral', '{office}', 'INSERT', 'UPDATE');

-- A provider answers; it does not decide, close, or answer for another.
CREATE OR REPLACE FUNCTION a_provider_only_answers() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF current_user = 'yinling_app' AND NOT COALESCE(OLD.area_code BETWEEN acting_lo() AND acting_hi(), false)
     AND (NEW.state <> 'answered' OR (NEW.decided_at, NEW.closed_at) IS DISTINCT FROM (OLD.decided_at, OLD.closed_at)) THEN
    RAISE EXCEPTION 'case % is decided by its office', OLD.id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER a_provider_only_answers BEFORE UPDATE ON supervision_case
  FOR EACH ROW EXECUTE FUNCTION a_provider_only_answers();

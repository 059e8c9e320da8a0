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

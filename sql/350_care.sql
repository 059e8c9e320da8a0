-- Standards of services, assessments, entitlement rules and home care beds: who sees what, and what nobody may change.

SELECT guard_rows('assessor', '{office} OR person_id = {me}');
SELECT guard_rows('assessment_appeal', '{office} OR elder_id = {elders}');
SELECT guard_rows('home_bed', '{office} OR elder_id = {elders} OR provider_id = {providers}');
SELECT guard_rows('home_bed_service', '{office} OR elder_id = {elders} OR provider_id = {providers}');
SELECT guard_rows('home_bed_check', '{office} OR elder_id = {elders} OR provider_id = {providers}');

-- Everybody may read the standards; only an administrator publishes a version, and a version only ever ends.
ALTER TABLE service_standard ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_standard FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS service_standard_is_public ON service_standard;
CREATE POLICY service_standard_is_public ON service_standard FOR SELECT TO yinling_app, yinling_jobs, yinling_definer
  USING (true);
DROP POLICY IF EXISTS service_standard_is_published ON service_standard;
CREATE POLICY service_standard_is_published ON service_standard FOR INSERT TO yinling_app
  WITH CHECK ((SELECT is_administrator()));
DROP POLICY IF EXISTS service_standard_is_ended ON service_standard;
CREATE POLICY service_standard_is_ended ON service_standard FOR UPDATE TO yinling_app
  USING ((SELECT is_administrator()));
DROP POLICY IF EXISTS service_standard_of_the_house ON service_standard;
CREATE POLICY service_standard_of_the_house ON service_standard TO yinling_jobs USING (true) WITH CHECK (true);
REVOKE UPDATE ON service_standard FROM yinling_app, yinling_jobs;
GRANT UPDATE (during) ON service_standard TO yinling_app, yinling_jobs;

-- Schemes and rules come from files, by the house; people sign and appeal, and nothing signed changes.
REVOKE INSERT, UPDATE ON assessment_scheme, entitlement_rule FROM yinling_app;
REVOKE UPDATE ON assessment_scheme, entitlement_rule FROM yinling_jobs;
GRANT UPDATE (during) ON entitlement_rule TO yinling_jobs;
CREATE OR REPLACE TRIGGER assessment_scheme_append_only BEFORE UPDATE OR DELETE ON assessment_scheme
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE FUNCTION guard_signed_assessment() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  -- an elder who moves takes it along to her new office; the house seals it anew under a new key
  IF OLD.state = 'signed' AND NOT (
      (current_user = 'yinling_definer' AND to_jsonb(NEW) - 'area_code' = to_jsonb(OLD) - 'area_code')
      OR (current_user = 'yinling_jobs' AND to_jsonb(NEW) - 'detail_sealed' = to_jsonb(OLD) - 'detail_sealed')) THEN
    RAISE EXCEPTION 'assessment % is signed; assess again instead', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'assessment_stays_signed';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER assessment_stays_signed BEFORE UPDATE ON assessment
  FOR EACH ROW EXECUTE FUNCTION guard_signed_assessment();

-- A published version says what it said: only the day it ends may be written, once, and not into the past of its start.
CREATE OR REPLACE FUNCTION guard_dated_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF to_jsonb(NEW) - 'during' <> to_jsonb(OLD) - 'during' OR lower(NEW.during) IS DISTINCT FROM lower(OLD.during)
     OR NOT OLD.during @> NEW.during THEN
    RAISE EXCEPTION '% % is published: end it and publish the next version', TG_TABLE_NAME, OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_only_ends';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER service_standard_only_ends BEFORE UPDATE ON service_standard
  FOR EACH ROW EXECUTE FUNCTION guard_dated_version();
CREATE OR REPLACE TRIGGER entitlement_rule_only_ends BEFORE UPDATE ON entitlement_rule
  FOR EACH ROW EXECUTE FUNCTION guard_dated_version();

-- Whose catalogue holds in an area on a day: the city's own, else that of the city whose rules it adopted.
CREATE OR REPLACE FUNCTION catalogue_city(asked_area bigint, on_day date) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS
$$
  SELECT COALESCE(
    (SELECT c.code FROM (SELECT here.code) AS c WHERE EXISTS (SELECT FROM service_standard s WHERE s.city_code = c.code)),
    (SELECT a.rules_city_code FROM rules_adoption a WHERE a.city_code = here.code AND a.adopted_from <= on_day
     ORDER BY a.adopted_from DESC LIMIT 1),
    here.code)
  FROM (SELECT max(code) AS code FROM city WHERE code IN (
    asked_area, asked_area / 10000000000000 * 10000000000000, asked_area / 100000000000 * 100000000000,
    asked_area / 1000000000 * 1000000000)) AS here
$$;

-- No provider's price lies above the ceiling its city set, today or from any later day.
CREATE OR REPLACE FUNCTION guard_price_ceiling() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
DECLARE
  today date := ((now() + COALESCE((SELECT ahead FROM demo_clock LIMIT 1), interval '0')) AT TIME ZONE 'Asia/Shanghai')::date;
  ceiling bigint;
BEGIN
  SELECT min(s.price_ceiling_fen) INTO ceiling FROM service_standard s
    WHERE s.code = NEW.service_code AND s.price_ceiling_fen IS NOT NULL
      AND (upper(s.during) IS NULL OR upper(s.during) > today)
      AND s.city_code = catalogue_city((SELECT f.area_code FROM facility f WHERE f.id = NEW.facility_id), today);
  IF NEW.active AND NEW.price_fen > ceiling THEN
    RAISE EXCEPTION 'price % of % lies above the ceiling %', NEW.price_fen, NEW.service_code, ceiling
      USING ERRCODE = 'check_violation', CONSTRAINT = 'service_line_price_within_ceiling_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER service_line_price_within_ceiling
  BEFORE INSERT OR UPDATE OF price_fen, service_code, facility_id, active ON service_line
  FOR EACH ROW EXECUTE FUNCTION guard_price_ceiling();

-- Minutes of one month never exceed the entitlement's: an order takes the minutes of its service, whoever races for them.
CREATE OR REPLACE FUNCTION guard_entitlement_minutes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  cap bigint;
  used bigint;
BEGIN
  SELECT monthly_cap_minutes INTO cap FROM entitlement WHERE id = NEW.entitlement_id FOR UPDATE;
  IF cap IS NULL OR NEW.state = 'released' THEN
    RETURN NEW;
  END IF;
  SELECT i.minutes INTO NEW.minutes FROM care_order o JOIN service_item i ON i.code = o.service_code WHERE o.id = NEW.order_id;
  NEW.minutes := COALESCE(NEW.minutes, 0);
  SELECT COALESCE(sum(minutes), 0) INTO used FROM entitlement_use
    WHERE entitlement_id = NEW.entitlement_id AND month = NEW.month AND state <> 'released' AND id <> NEW.id;
  IF used + NEW.minutes > cap THEN
    RAISE EXCEPTION 'entitlement % has % minutes left in %, % were asked', NEW.entitlement_id, cap - used, NEW.month, NEW.minutes
      USING ERRCODE = 'check_violation', CONSTRAINT = 'entitlement_use_month_minutes_check';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION guard_entitlement_minutes() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER entitlement_use_month_minutes BEFORE INSERT OR UPDATE ON entitlement_use
  FOR EACH ROW EXECUTE FUNCTION guard_entitlement_minutes();

-- Registers of what is promised and of who is trained: public facts are read by anybody and written by the office of
-- their area; whatever changes a row leaves what stood before, whoever types the SQL. Indicators count them (500).

CREATE OR REPLACE FUNCTION keep_register_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  was constant jsonb := to_jsonb(OLD);
  is_now constant jsonb := to_jsonb(NEW);
BEGIN
  IF was IS DISTINCT FROM is_now THEN
    INSERT INTO register_change (register_name, row_id, area_code, before, after, changed_by, changed_at)
    SELECT TG_TABLE_NAME, NEW.id, NEW.area_code, jsonb_object_agg(w.key, w.value), jsonb_object_agg(w.key, is_now -> w.key),
           acting_person(), now() + COALESCE((SELECT ahead FROM demo_clock LIMIT 1), interval '0')
    FROM jsonb_each(was) AS w WHERE w.value IS DISTINCT FROM is_now -> w.key;
  END IF;
  RETURN NULL;
END
$$;
SELECT let_look_past('keep_register_change()');

DO $$
DECLARE
  kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['project_site', 'area_obligation', 'area_flag', 'facility_check'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION keep_register_change()',
                   kept || '_keeps_what_was', kept);
  END LOOP;
END
$$;

-- A site of a project becomes an opened facility of its area; a rebuilt one keeps the facility's own history.
CREATE OR REPLACE FUNCTION guard_project_site() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  f facility;
BEGIN
  IF NEW.facility_id IS NULL THEN
    RETURN NEW;
  END IF;
  SELECT * INTO f FROM facility WHERE id = NEW.facility_id;
  IF f.status = 'planned' OR f.area_code / 1000000000 <> NEW.area_code / 1000000000 THEN
    RAISE EXCEPTION 'facility % did not come out of this project', f.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'project_site_facility_check';
  END IF;
  RETURN NEW;
END
$$;
SELECT let_look_past('guard_project_site()');
CREATE OR REPLACE TRIGGER project_site_becomes_a_facility BEFORE INSERT OR UPDATE OF facility_id ON project_site
  FOR EACH ROW EXECUTE FUNCTION guard_project_site();

-- A check belongs to its site's area, and only its withdrawal is written later.
CREATE OR REPLACE FUNCTION place_facility_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  SELECT area_code INTO NEW.area_code FROM facility WHERE id = NEW.facility_id;
  RETURN NEW;
END
$$;
SELECT let_look_past('place_facility_check()');
CREATE OR REPLACE TRIGGER facility_check_of_its_area BEFORE INSERT ON facility_check
  FOR EACH ROW EXECUTE FUNCTION place_facility_check();

SELECT guard_rows(guarded, 'true'), guard_writing(guarded, '{office}', 'INSERT', 'UPDATE')
FROM unnest(ARRAY['project_site', 'area_obligation', 'area_flag', 'facility_check']) AS g (guarded);
SELECT guard_rows('register_change', '{office}', NULL, 'SELECT');
SELECT write_once('register_change');
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON register_change FROM yinling_app, yinling_jobs;
REVOKE UPDATE, DELETE, TRUNCATE ON project_site, area_obligation, area_flag, facility_check FROM yinling_app, yinling_jobs;
GRANT UPDATE (name, type_code, planned_on, started_on, built_on, opened_on, dropped_on, facility_id, note) ON project_site
  TO yinling_app, yinling_jobs;
GRANT UPDATE (name, households, required_m2, due_on, planned_on, built_on, accepted_on, handed_over_on, provided_m2, facility_id, note)
  ON area_obligation TO yinling_app, yinling_jobs;
GRANT UPDATE (until) ON area_flag TO yinling_app, yinling_jobs;
GRANT UPDATE (withdrawn_at, withdrawn_by, withdrawn_reason) ON facility_check TO yinling_app, yinling_jobs;

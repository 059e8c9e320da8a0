-- The feed of public changes (docs/open-data.md): triggers write it as its definer, everybody reads it, nobody changes it.
REVOKE INSERT, UPDATE, DELETE ON public_change FROM yinling_app, yinling_jobs;
REVOKE INSERT, UPDATE, DELETE ON open_table FROM yinling_app;
SELECT write_once('public_change', 'open_table');

-- The house's clock: in the demonstration it runs ahead by one row, elsewhere that row does not stand.
CREATE OR REPLACE FUNCTION note_public_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  moment constant timestamptz := clock_timestamp() + COALESCE((SELECT ahead FROM public.demo_clock WHERE id = 1), interval '0');
BEGIN
  CASE TG_TABLE_NAME
    WHEN 'provider' THEN
      INSERT INTO public.public_change (kind, object_id, object_code, in_area, changed_at)
      SELECT 'organization', id, code, area_code, moment FROM changed_rows;
    WHEN 'facility' THEN
      INSERT INTO public.public_change (kind, object_id, object_code, in_area, changed_at)
      SELECT 'facility', id, code, area_code, moment FROM changed_rows;
    WHEN 'service_line' THEN
      INSERT INTO public.public_change (kind, object_id, object_code, in_area, changed_at)
      SELECT 'service', l.id, p.code || '/' || l.service_code, f.area_code, moment FROM changed_rows l
        JOIN public.provider p ON p.id = l.provider_id JOIN public.facility f ON f.id = l.facility_id;
    WHEN 'bed' THEN
      INSERT INTO public.public_change (kind, object_id, object_code, in_area, changed_at)
      SELECT 'beds', f.id, f.code, f.area_code, moment FROM public.facility f
        WHERE f.id IN (SELECT facility_id FROM changed_rows);
    WHEN 'open_table' THEN
      INSERT INTO public.public_change (kind, object_id, object_code, in_area, changed_at)
      SELECT 'table', id, code, city_code, moment FROM changed_rows;
  END CASE;
  RETURN NULL;
END
$$;
ALTER FUNCTION note_public_change() OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION note_public_change() FROM PUBLIC;
GRANT INSERT, SELECT ON public_change TO yinling_definer;

DO $$
DECLARE
  watched text;
  verb text;
BEGIN
  FOREACH watched IN ARRAY ARRAY['provider', 'facility', 'service_line', 'bed', 'open_table'] LOOP
    FOREACH verb IN ARRAY ARRAY['INSERT', 'UPDATE'] LOOP
      EXECUTE format(
        'CREATE OR REPLACE TRIGGER %I AFTER %s ON %I REFERENCING NEW TABLE AS changed_rows'
        ' FOR EACH STATEMENT EXECUTE FUNCTION note_public_change()',
        format('public_%s_by_%s', watched, lower(verb)), verb, watched);
    END LOOP;
  END LOOP;
END
$$;

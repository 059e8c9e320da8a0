-- Indicators (docs/indicators.md): what is counted belongs to jobs; persons' rows and sums follow the office's area.
REVOKE INSERT, UPDATE, DELETE ON counted_measure, measure_row, measure_count, measure_touched, count_check FROM yinling_app;
REVOKE SELECT ON measure_touched FROM yinling_app;
REVOKE UPDATE, DELETE ON count_check, area_statistic FROM yinling_app, yinling_jobs;
GRANT DELETE ON measure_row, measure_touched TO yinling_jobs;

SELECT guard_rows('measure_row', 'NOT personal OR {office}', NULL, 'SELECT');
SELECT guard_rows('measure_count', 'NOT personal OR {office}', NULL, 'SELECT');

-- What waits to be counted is the house's own list: triggers write it as its definer, jobs empty it.
ALTER TABLE measure_touched ENABLE ROW LEVEL SECURITY;
ALTER TABLE measure_touched FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS measure_touched_of_the_house ON measure_touched;
CREATE POLICY measure_touched_of_the_house ON measure_touched TO yinling_jobs USING (true) WITH CHECK (true);

-- Anybody reads an official count of people; an officer writes one down for her own area.
ALTER TABLE area_statistic ENABLE ROW LEVEL SECURITY;
ALTER TABLE area_statistic FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS area_statistic_is_public ON area_statistic;
CREATE POLICY area_statistic_is_public ON area_statistic FOR SELECT TO yinling_app, yinling_jobs USING (true);
DROP POLICY IF EXISTS area_statistic_is_written_by_its_office ON area_statistic;
CREATE POLICY area_statistic_is_written_by_its_office ON area_statistic FOR INSERT TO yinling_app
  WITH CHECK (area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()) AND recorded_by = (SELECT acting_person()));
DROP POLICY IF EXISTS area_statistic_of_the_house ON area_statistic;
CREATE POLICY area_statistic_of_the_house ON area_statistic FOR INSERT TO yinling_jobs WITH CHECK (true);

-- Whatever changes a row that an indicator counts names it here, in the same transaction, by whichever way it came.
-- Rows are only added, so that two acts about one elder never wait for each other; the job takes each once.
-- Arguments: the subject, the column of its id.
CREATE OR REPLACE FUNCTION touch_measures() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  EXECUTE format('INSERT INTO public.measure_touched (subject, row_id, area_code) SELECT %L, %I, max(area_code)'
                 ' FROM changed_rows WHERE %I IS NOT NULL GROUP BY %I', TG_ARGV[0], TG_ARGV[1], TG_ARGV[1], TG_ARGV[1]);
  RETURN NULL;
END
$$;
ALTER FUNCTION touch_measures() OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION touch_measures() FROM PUBLIC;

DO $$
DECLARE
  watched record;
  verb text;
BEGIN
  FOR watched IN
    SELECT * FROM (VALUES
      ('bed', 'bed', 'id'), ('bed_stay', 'bed', 'bed_id'), ('bed_stay', 'elder', 'elder_id'),
      ('facility', 'facility', 'id'), ('institution_grade', 'facility', 'facility_id'), ('person', 'elder', 'id'), ('elder', 'elder', 'person_id'),
      ('visit_duty', 'elder', 'elder_id'), ('visit_attempt', 'elder', 'elder_id'), ('visit', 'elder', 'elder_id'),
      ('elder_reach', 'elder', 'person_id'), ('volunteer', 'volunteer', 'person_id'), ('carer', 'carer', 'person_id'),
      ('project_site', 'project', 'id'), ('area_obligation', 'obligation', 'id'), ('area_flag', 'area', 'area_code'),
      ('facility_check', 'facility', 'facility_id')
    ) AS w (of_table, subject, id_column)
  LOOP
    FOREACH verb IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
      EXECUTE format(
        'CREATE OR REPLACE TRIGGER %I AFTER %s ON %I REFERENCING %s TABLE AS changed_rows'
        ' FOR EACH STATEMENT EXECUTE FUNCTION touch_measures(%L, %L)',
        format('touch_%s_by_%s', watched.subject, lower(verb)), verb, watched.of_table,
        CASE verb WHEN 'DELETE' THEN 'OLD' ELSE 'NEW' END, watched.subject, watched.id_column);
    END LOOP;
  END LOOP;
END
$$;
-- A site that moves is missed where it stood, too.
CREATE OR REPLACE TRIGGER touch_facility_where_it_stood AFTER UPDATE ON facility REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION touch_measures('facility', 'id');

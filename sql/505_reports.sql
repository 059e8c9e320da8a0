-- Reports and open data (docs/reports.md, docs/open-data.md).
-- A count of people is written once; only its withdrawal is open, to the office of its area.
GRANT UPDATE (withdrawn_at, withdrawn_by, withdrawn_because) ON area_statistic TO yinling_app;
DROP POLICY IF EXISTS area_statistic_is_withdrawn_by_its_office ON area_statistic;
CREATE POLICY area_statistic_is_withdrawn_by_its_office ON area_statistic FOR UPDATE TO yinling_app
  USING (area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()) AND withdrawn_at IS NULL)
  WITH CHECK (withdrawn_by = (SELECT acting_person()));

-- A report is asked for by the office of its area and made by a job; made, it never changes. Forms are the office's own.
SELECT guard_rows('area_report', '{office}', '{office} AND asked_by = {me} AND state = ''promised''');
SELECT guard_rows('report_form', '{office}', '{office}');
REVOKE UPDATE, DELETE ON area_report, report_form FROM yinling_app;
GRANT UPDATE (withdrawn_at) ON report_form TO yinling_app;
CREATE OR REPLACE FUNCTION keep_made_report() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF OLD.state <> 'promised' THEN
    RAISE EXCEPTION 'a made report stays as it is' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'area_report_stays';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER area_report_stays BEFORE UPDATE ON area_report FOR EACH ROW EXECUTE FUNCTION keep_made_report();

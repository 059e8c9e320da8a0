-- Reports and open data (docs/reports.md, docs/open-data.md).
-- A count of people is written once; only its withdrawal is open, to the office of its area.
GRANT UPDATE (withdrawn_at, withdrawn_by, withdrawn_because) ON area_statistic TO yinling_app;
DROP POLICY IF EXISTS area_statistic_is_withdrawn_by_its_office ON area_statistic;
CREATE POLICY area_statistic_is_withdrawn_by_its_office ON area_statistic FOR UPDATE TO yinling_app
  USING (area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()) AND withdrawn_at IS NULL)
  WITH CHECK (withdrawn_by = (SELECT acting_person()));

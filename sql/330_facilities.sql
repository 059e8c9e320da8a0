-- A request changes of a site only what an office may change, and only in its own area; lists are taken in by jobs.
REVOKE INSERT, UPDATE ON facility FROM yinling_app;
GRANT UPDATE (status, opened_on, closed_on, functions, day_places, area_code, geom, original_lon, original_lat,
  original_crs) ON facility TO yinling_app;
ALTER TABLE facility ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS facility_is_public ON facility;
CREATE POLICY facility_is_public ON facility FOR SELECT TO yinling_app USING (true);
DROP POLICY IF EXISTS facility_is_changed_by_its_office ON facility;
CREATE POLICY facility_is_changed_by_its_office ON facility FOR UPDATE TO yinling_app
  USING ((area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi())
          AND (SELECT current_setting('app.role', true)) = 'officer')
         OR ((SELECT current_setting('app.role', true)) = 'administrator' AND (SELECT is_administrator())));
DROP POLICY IF EXISTS facility_of_the_house ON facility;
CREATE POLICY facility_of_the_house ON facility TO yinling_jobs USING (true) WITH CHECK (true);

-- What was changed of a site is public like the site, and written once.
REVOKE UPDATE, DELETE, TRUNCATE ON facility_change FROM yinling_app, yinling_jobs;

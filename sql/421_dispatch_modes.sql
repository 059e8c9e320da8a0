-- How orders are brought to providers is a city's data: requests read it and write none of it.
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON dispatch_mode, alliance, alliance_member FROM yinling_app;
GRANT DELETE ON dispatch_mode TO yinling_jobs;
ALTER TABLE bureau_task ENABLE ROW LEVEL SECURITY;
ALTER TABLE bureau_task FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS bureau_task_of_the_acting_person ON bureau_task;
CREATE POLICY bureau_task_of_the_acting_person ON bureau_task TO yinling_app
  USING (area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()));
DROP POLICY IF EXISTS bureau_task_of_the_house ON bureau_task;
CREATE POLICY bureau_task_of_the_house ON bureau_task TO yinling_jobs USING (true) WITH CHECK (true);

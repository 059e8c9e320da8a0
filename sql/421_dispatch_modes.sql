-- How orders are brought to providers is a city's data: requests read it and write none of it.
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON dispatch_mode, alliance, alliance_member FROM yinling_app;
GRANT DELETE ON dispatch_mode TO yinling_jobs;
SELECT guard_rows('bureau_task', '{office}');

-- Derived by jobs, read by requests: where facilities meet the street, and when reach was last computed.
REVOKE INSERT, UPDATE, DELETE ON reach, facility_snap, home_snap, elder_reach, reach_run FROM yinling_app;
GRANT DELETE ON reach, facility_snap, home_snap, elder_reach, reach_run TO yinling_jobs;

-- A quote is written once; only the order it was used for is added.
REVOKE UPDATE, DELETE, TRUNCATE ON quote FROM yinling_app, yinling_jobs;
GRANT UPDATE (used_order_id, used_at) ON quote TO yinling_app, yinling_jobs;
ALTER TABLE quote ENABLE ROW LEVEL SECURITY;
ALTER TABLE quote FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS quote_of_the_acting_person ON quote;
CREATE POLICY quote_of_the_acting_person ON quote TO yinling_app
  USING (area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()) OR elder_id = ANY ((SELECT linked_elders())::bigint[]));
DROP POLICY IF EXISTS quote_of_the_house ON quote;
CREATE POLICY quote_of_the_house ON quote TO yinling_jobs USING (true) WITH CHECK (true);

-- Who sees an elder's wish for who comes, and which tongues a carer speaks.
SELECT guard_rows('carer_wish', '{office} OR elder_id = {elders}');
SELECT guard_rows('carer_language', 'provider_id = {providers}');
-- Who is to send somebody reads the wish of the elder whose order she took; she never writes it.
DROP POLICY IF EXISTS carer_wish_of_who_serves_her ON carer_wish;
CREATE POLICY carer_wish_of_who_serves_her ON carer_wish FOR SELECT TO yinling_app USING (elder_id IN (
  SELECT o.elder_id FROM care_order o
  WHERE o.id = ANY ((SELECT linked_orders())::bigint[]) AND o.state NOT IN ('placed', 'offering', 'unfilled')));
GRANT DELETE ON carer_language TO yinling_app;

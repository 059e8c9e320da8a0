-- Row-level security over every person-bearing table: the area range of an office, OR a row that links
-- the person (proxy, provider's offer, assignment, need). Sub-selects make PostgreSQL ask once a statement.
-- yinling_jobs (city-wide work of the house) sees all rows; nobody else does.

SELECT guard_rows('person', '{office} OR id = {people}');
SELECT guard_rows('elder', '{office} OR person_id = {people}');
SELECT guard_rows('role_grant',
  '{office} OR person_id = {me} OR provider_id = {providers} OR (SELECT is_administrator())
   OR EXISTS (SELECT FROM person p WHERE p.id = role_grant.person_id
              AND p.area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()))');
SELECT guard_rows('sign_in_session', 'person_id = {me} OR bound_by = {me}');
SELECT guard_rows('binding_card', '{office} OR elder_id = {elders}');
SELECT guard_rows('attachment', '{office} OR elder_id = {elders}');
SELECT guard_rows('message', 'recipient_id = {me} OR {office}');
SELECT guard_rows('message_delivery', 'recipient_id = {me}');
SELECT guard_rows('carer', '{office} OR person_id = {people} OR person_id = {me}');
SELECT guard_rows('volunteer', '{office} OR person_id = {people} OR person_id = {me}');
SELECT guard_rows('bed_stay', '{office} OR elder_id = {elders} OR provider_id = {providers}');
SELECT guard_rows('assessment', '{office} OR elder_id = {elders}');
SELECT guard_rows('entitlement', '{office} OR elder_id = {elders}');
SELECT guard_rows('entitlement_use', '{office} OR elder_id = {elders} OR order_id = {orders}');
SELECT guard_rows('payable', '{office} OR elder_id = {elders} OR payer_id = {me}');
SELECT guard_rows('payment_event', '{office} OR payable_id IN (SELECT id FROM payable)');
SELECT guard_rows('care_order', '{office} OR elder_id = {elders} OR id = {orders}');
SELECT guard_rows('order_event', '{office} OR elder_id = {elders} OR order_id = {orders}');
SELECT guard_rows('offer', '{office} OR elder_id = {elders} OR provider_id = {providers}');
SELECT guard_rows('unmet_need', '{office} OR elder_id = {elders}');
SELECT guard_rows('assignment', '{office} OR elder_id = {elders} OR order_id = {orders}');
SELECT guard_rows('door_plate', '{office} OR elder_id = {people}');
SELECT guard_rows('visit', '{office} OR elder_id = {elders} OR visitor_id = {me} OR order_id = {orders}');
SELECT guard_rows('visit_duty', '{office} OR elder_id = {elders}');
SELECT guard_rows('visit_attempt', '{office} OR elder_id = {elders} OR by_person_id = {me}');
SELECT guard_rows('escalation', '{office} OR in_charge_id = {me}');
SELECT guard_rows('need',
  '{office} OR elder_id = {elders} OR taken_by = {me} OR (state = ''open'' AND (SELECT is_active_volunteer()))');
SELECT guard_rows('volunteer_session', '{office} OR elder_id = {elders} OR volunteer_id = {me}');
SELECT guard_rows('act', '{office} OR actor_id = {me} OR for_person_id = {me}');

-- Everybody may write the trail of her own acts.
DROP POLICY IF EXISTS act_is_written_by_its_actor ON act;
CREATE POLICY act_is_written_by_its_actor ON act FOR INSERT TO yinling_app
  WITH CHECK (actor_id IS NOT DISTINCT FROM (SELECT acting_person()));

-- A proxy is seen by the elder, the relative and the elder's office; a relative asks and gives back,
-- only the elder or her office confirms.
ALTER TABLE proxy ENABLE ROW LEVEL SECURITY;
ALTER TABLE proxy FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS proxy_of_the_elder_or_her_office ON proxy;
CREATE POLICY proxy_of_the_elder_or_her_office ON proxy TO yinling_app
  USING (elder_id = (SELECT acting_person()) OR area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()));
DROP POLICY IF EXISTS proxy_of_the_relative ON proxy;
CREATE POLICY proxy_of_the_relative ON proxy TO yinling_app
  USING (proxy_person_id = (SELECT acting_person()))
  WITH CHECK (proxy_person_id = (SELECT acting_person()) AND state IN ('requested', 'revoked'));
DROP POLICY IF EXISTS proxy_of_the_house ON proxy;
CREATE POLICY proxy_of_the_house ON proxy TO yinling_jobs USING (true) WITH CHECK (true);

-- Who is an elder of an area, and her class and level of care, is written by her office; she and her family read it.
SELECT guard_writing('elder', '{office}', 'INSERT', 'UPDATE', 'DELETE');

-- Row-level security over every person-bearing table: the area range of an office, OR a row that links
-- the person (proxy, provider's offer, assignment, need). Sub-selects make PostgreSQL ask once a statement.
-- yinling_jobs (city-wide work of the house) sees all rows; nobody else does.

DO $$
DECLARE
  rule record;
  office constant text := '(area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()))';
  elders constant text := 'elder_id = ANY ((SELECT linked_elders())::bigint[])';
  people constant text := ' = ANY ((SELECT linked_people())::bigint[])';
  orders constant text := ' = ANY ((SELECT linked_orders())::bigint[])';
  own constant text := ' = (SELECT acting_person())';
BEGIN
  FOR rule IN
    SELECT * FROM (VALUES
      ('person', office || ' OR id' || people),
      ('elder', office || ' OR person_id' || people),
      ('role_grant', office || ' OR person_id' || own || ' OR provider_id = ANY ((SELECT linked_providers())::bigint[])'
         || ' OR (SELECT is_administrator()) OR EXISTS (SELECT FROM person p WHERE p.id = role_grant.person_id'
         || ' AND p.area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()))'),
      ('sign_in_session', 'person_id' || own || ' OR bound_by' || own),
      ('binding_card', office || ' OR ' || elders),
      ('attachment', office || ' OR ' || elders),
      ('message', 'recipient_id' || own || ' OR ' || office),
      ('message_delivery', 'recipient_id' || own),
      ('carer', office || ' OR person_id' || people || ' OR person_id' || own),
      ('volunteer', office || ' OR person_id' || people || ' OR person_id' || own),
      ('bed_stay', office || ' OR ' || elders),
      ('assessment', office || ' OR ' || elders),
      ('entitlement', office || ' OR ' || elders),
      ('entitlement_use', office || ' OR ' || elders || ' OR order_id' || orders),
      ('payable', office || ' OR ' || elders || ' OR payer_id' || own),
      ('payment_event', office || ' OR payable_id IN (SELECT id FROM payable)'),
      ('care_order', office || ' OR ' || elders || ' OR id' || orders),
      ('order_event', office || ' OR ' || elders || ' OR order_id' || orders),
      ('offer', office || ' OR ' || elders || ' OR provider_id = ANY ((SELECT linked_providers())::bigint[])'),
      ('unmet_need', office || ' OR ' || elders),
      ('assignment', office || ' OR ' || elders || ' OR order_id' || orders),
      ('door_plate', office || ' OR elder_id' || people),
      ('visit', office || ' OR ' || elders || ' OR visitor_id' || own || ' OR order_id' || orders),
      ('visit_duty', office || ' OR ' || elders),
      ('visit_attempt', office || ' OR ' || elders || ' OR by_person_id' || own),
      ('escalation', office || ' OR in_charge_id' || own),
      ('need', office || ' OR ' || elders || ' OR taken_by' || own || ' OR (state = ''open'' AND (SELECT is_active_volunteer()))'),
      ('volunteer_session', office || ' OR ' || elders || ' OR volunteer_id' || own),
      ('home_snap', office || ' OR person_id' || people),
      ('elder_reach', office || ' OR person_id' || people),
      ('act', office || ' OR actor_id' || own || ' OR for_person_id' || own)
    ) AS r (guarded, seen)
  LOOP
    CONTINUE WHEN to_regclass('public.' || rule.guarded) IS NULL;
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', rule.guarded);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', rule.guarded);
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', rule.guarded || '_of_the_acting_person', rule.guarded);
    EXECUTE format('CREATE POLICY %I ON %I TO yinling_app USING (%s)',
                   rule.guarded || '_of_the_acting_person', rule.guarded, rule.seen);
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', rule.guarded || '_of_the_house', rule.guarded);
    EXECUTE format('CREATE POLICY %I ON %I TO yinling_jobs USING (true) WITH CHECK (true)',
                   rule.guarded || '_of_the_house', rule.guarded);
  END LOOP;
END
$$;

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
DO $$
DECLARE
  verb text;
  office constant text := 'area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi())';
BEGIN
  FOREACH verb IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
    EXECUTE format('DROP POLICY IF EXISTS %I ON elder', 'elder_is_written_by_her_office_' || lower(verb));
    EXECUTE format('CREATE POLICY %I ON elder AS RESTRICTIVE FOR %s TO yinling_app %s (%s)',
                   'elder_is_written_by_her_office_' || lower(verb), verb,
                   CASE verb WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END, office);
  END LOOP;
END
$$;

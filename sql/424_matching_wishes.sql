-- Who sees an elder's wish for who comes, and which tongues a carer speaks.
DO $$
DECLARE
  rule record;
  office constant text := '(area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()))';
BEGIN
  FOR rule IN
    SELECT * FROM (VALUES
      ('carer_wish', office || ' OR elder_id = ANY ((SELECT linked_elders())::bigint[])'),
      ('carer_language', 'provider_id = ANY ((SELECT linked_providers())::bigint[])')
    ) AS r (guarded, seen)
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', rule.guarded);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', rule.guarded);
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', rule.guarded || '_of_the_acting_person', rule.guarded);
    EXECUTE format('CREATE POLICY %I ON %I TO yinling_app USING (%s)', rule.guarded || '_of_the_acting_person',
                   rule.guarded, rule.seen);
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', rule.guarded || '_of_the_house', rule.guarded);
    EXECUTE format('CREATE POLICY %I ON %I TO yinling_jobs USING (true) WITH CHECK (true)',
                   rule.guarded || '_of_the_house', rule.guarded);
  END LOOP;
END
$$;
-- Who is to send somebody reads the wish of the elder whose order she took; she never writes it.
DROP POLICY IF EXISTS carer_wish_of_who_serves_her ON carer_wish;
CREATE POLICY carer_wish_of_who_serves_her ON carer_wish FOR SELECT TO yinling_app USING (elder_id IN (
  SELECT o.elder_id FROM care_order o
  WHERE o.id = ANY ((SELECT linked_orders())::bigint[]) AND o.state NOT IN ('placed', 'offering', 'unfilled')));
GRANT DELETE ON carer_language TO yinling_app;

-- What matching must know of wishes, continuity and load without seeing anybody: counts only, for many providers.
-- `wished`: free carers with the skills who are as the elder wishes; `known`: how often the provider served her in
-- the last year (told only to who may see her); `load`: orders of the last 30 days per hundred of its carers.
CREATE OR REPLACE FUNCTION wish_facts(
  asked_providers bigint[], skills_needed text[], on_day date, asked tstzrange, asked_elder bigint,
  wished_gender text, wished_languages text[])
RETURNS TABLE (provider_id bigint, wished bigint, known bigint, load bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT asked_one.provider_id, hands.wished, before.known, lately.orders * 100 / GREATEST(1, hands.carers)
  FROM unnest(asked_providers) AS asked_one (provider_id)
  CROSS JOIN LATERAL (
    SELECT count(*) AS carers, count(*) FILTER (WHERE (wished_gender IS NULL OR c.gender = wished_gender)
      AND (cardinality(wished_languages) = 0 OR EXISTS (
        SELECT FROM carer_language l WHERE l.carer_id = c.person_id AND l.language = ANY (wished_languages)))
      AND c.person_id = COALESCE((
        SELECT w.carer_id FROM carer_wish w WHERE w.elder_id = asked_elder
          AND (session_user = 'yinling_jobs' OR asked_elder = ANY (linked_elders())
               OR w.area_code BETWEEN acting_lo() AND acting_hi())), c.person_id)
      AND NOT EXISTS (SELECT FROM assignment a
                      WHERE a.carer_id = c.person_id AND a.state = 'planned' AND a.during && asked)) AS wished
    FROM carer c
    WHERE c.provider_id = asked_one.provider_id AND c.skills @> skills_needed
      AND (c.left_on IS NULL OR c.left_on > on_day)
      AND (cardinality(skills_needed) = 0 OR (c.certificate_valid_until >= on_day
           AND (NOT c.file_kept OR file_proves(c.person_id, skills_needed, on_day))))
      AND NOT EXISTS (SELECT FROM blacklist_entry b WHERE b.carer_id = c.person_id AND b.lifted_at IS NULL)
  ) AS hands
  CROSS JOIN LATERAL (
    SELECT count(*) AS known FROM care_order o
    WHERE o.elder_id = asked_elder AND o.provider_id = asked_one.provider_id AND o.state IN ('served', 'confirmed')
      AND o.starts_at BETWEEN lower(asked) - interval '365 days' AND lower(asked)
      AND (session_user = 'yinling_jobs' OR asked_elder = ANY (linked_elders())
           OR o.area_code BETWEEN acting_lo() AND acting_hi())
  ) AS before
  CROSS JOIN LATERAL (
    SELECT count(*) AS orders FROM care_order o
    WHERE o.provider_id = asked_one.provider_id AND o.state <> 'cancelled'
      AND o.starts_at BETWEEN lower(asked) - interval '30 days' AND lower(asked)
  ) AS lately
$$;
ALTER FUNCTION wish_facts(bigint[], text[], date, tstzrange, bigint, text, text[]) OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION wish_facts(bigint[], text[], date, tstzrange, bigint, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wish_facts(bigint[], text[], date, tstzrange, bigint, text, text[])
  TO yinling_app, yinling_jobs, yinling_definer;
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

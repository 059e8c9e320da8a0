-- What an office tries out: its own, and what an office within reach of its eyes has shared. Steps follow their scenario.
DO $$
DECLARE
  rule record;
  office constant text := 'area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi())';
  own constant text := ' = (SELECT acting_person())';
BEGIN
  FOR rule IN
    SELECT * FROM (VALUES
      ('scenario', office || ' AND (created_by' || own || ' OR shared_at IS NOT NULL)', office || ' AND created_by' || own),
      ('scenario_change', 'EXISTS (SELECT FROM scenario AS s WHERE s.id = scenario_id)',
       'EXISTS (SELECT FROM scenario AS s WHERE s.id = scenario_id AND s.created_by' || own || ')'),
      ('siting_run', office || ' AND asked_by' || own, office || ' AND asked_by' || own)
    ) AS r (guarded, seen, written)
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', rule.guarded);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', rule.guarded);
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', rule.guarded || '_of_its_office', rule.guarded);
    EXECUTE format('CREATE POLICY %I ON %I TO yinling_app USING (%s) WITH CHECK (%s)',
                   rule.guarded || '_of_its_office', rule.guarded, rule.seen, rule.written);
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', rule.guarded || '_of_the_house', rule.guarded);
    EXECUTE format('CREATE POLICY %I ON %I TO yinling_jobs USING (true) WITH CHECK (true)',
                   rule.guarded || '_of_the_house', rule.guarded);
  END LOOP;
END
$$;
-- A step stays what it was; only the moment it was taken back is written later. An answer is the job's to write.
REVOKE UPDATE ON scenario_change, siting_run FROM yinling_app;
GRANT UPDATE (undone_at) ON scenario_change TO yinling_app;
GRANT UPDATE (state, answer, progress, finished_at, network_version_id, rules_version_id) ON siting_run TO yinling_app;

-- Lists taken in. An office sees the runs and the waiting rows of its own area; an administrator sees those of
-- every list but the elders' (duties are apart). Requests hand a list in and mend a row; jobs write the register.

DO $$
DECLARE
  guarded text;
  seen constant text :=
    '(area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()))'
    ' OR (kind <> ''elders'' AND (SELECT is_administrator()))';
BEGIN
  FOREACH guarded IN ARRAY ARRAY['import_run', 'import_row'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', guarded || '_of_the_office', guarded);
    EXECUTE format('CREATE POLICY %I ON %I TO yinling_app USING (%s)', guarded || '_of_the_office', guarded, seen);
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', guarded || '_of_the_house', guarded);
    EXECUTE format('CREATE POLICY %I ON %I TO yinling_jobs USING (true) WITH CHECK (true)',
                   guarded || '_of_the_house', guarded);
  END LOOP;
END
$$;

REVOKE INSERT ON import_row FROM yinling_app;
REVOKE INSERT, UPDATE ON building FROM yinling_app;

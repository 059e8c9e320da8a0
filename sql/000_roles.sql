-- The four database roles. Safe to run again; passwords are set by the set-up, not here.
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['yinling_owner', 'yinling_definer', 'yinling_app', 'yinling_jobs'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
      BEGIN
        EXECUTE 'CREATE ROLE ' || quote_ident(wanted);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;  -- another database of this cluster was set up at the same moment
      END;
    END IF;
  END LOOP;
END
$$;
DO $$
BEGIN
  IF NOT (SELECT rolbypassrls FROM pg_roles WHERE rolname = 'yinling_definer') THEN
    ALTER ROLE yinling_definer NOLOGIN BYPASSRLS;
  END IF;
  IF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = 'yinling_app') THEN
    ALTER ROLE yinling_app LOGIN;
  END IF;
  IF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = 'yinling_jobs') THEN
    ALTER ROLE yinling_jobs LOGIN;
  END IF;
END
$$;

-- How a table is guarded, said once. Called while the files after this one are applied, by nobody else.

-- Words in braces stand for what every rule is made of; sub-selects make PostgreSQL ask once a statement.
-- {office}: the row lies in the acting office's area.  {me}: the acting person.
-- {elders}, {people}, {providers}, {orders}: whom and what she is linked with, to be put behind an "=".
CREATE OR REPLACE FUNCTION spell_out(rule text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public AS
$$
DECLARE
  word record;
BEGIN
  FOR word IN SELECT * FROM (VALUES
      ('{office}', '(area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi()))'),
      ('{me}', '(SELECT acting_person())'),
      ('{elders}', 'ANY ((SELECT linked_elders())::bigint[])'),
      ('{people}', 'ANY ((SELECT linked_people())::bigint[])'),
      ('{providers}', 'ANY ((SELECT linked_providers())::bigint[])'),
      ('{orders}', 'ANY ((SELECT linked_orders())::bigint[])')
    ) AS w (short, long)
  LOOP
    rule := replace(rule, word.short, word.long);
  END LOOP;
  RETURN rule;
END
$$;

-- Requests see the rows that fit `seen` and write those that fit `written` (without it: those they see); the house's
-- own jobs see and write all.
CREATE OR REPLACE FUNCTION guard_rows(guarded text, seen text, written text DEFAULT NULL, verb text DEFAULT 'ALL')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
DECLARE
  of_person constant text := guarded || '_of_the_acting_person';
  of_house constant text := guarded || '_of_the_house';
BEGIN
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
  EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
  EXECUTE format('DROP POLICY IF EXISTS %I ON %I', of_person, guarded);
  EXECUTE format('CREATE POLICY %I ON %I FOR %s TO yinling_app USING (%s)%s', of_person, guarded, verb, spell_out(seen),
                 COALESCE(' WITH CHECK (' || spell_out(written) || ')', ''));
  EXECUTE format('DROP POLICY IF EXISTS %I ON %I', of_house, guarded);
  EXECUTE format('CREATE POLICY %I ON %I TO yinling_jobs USING (true) WITH CHECK (true)', of_house, guarded);
END
$$;

-- Seeing is not changing: of the rows a request sees it writes, by these verbs, only those that fit the rule.
CREATE OR REPLACE FUNCTION guard_writing(guarded text, written text, VARIADIC verbs text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
DECLARE
  verb text;
  named text;
BEGIN
  FOREACH verb IN ARRAY verbs LOOP
    named := guarded || '_is_written_by_whom_' || lower(verb);
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', named, guarded);
    EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR %s TO yinling_app %s (%s)', named, guarded, verb,
                   CASE verb WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END, spell_out(written));
  END LOOP;
END
$$;

-- Rows of these tables are written once, whoever types the SQL.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  RAISE EXCEPTION 'rows of % are written once', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END
$$;
CREATE OR REPLACE FUNCTION write_once(VARIADIC guarded text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
DECLARE
  once text;
BEGIN
  FOREACH once IN ARRAY guarded LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
                   'FOR EACH ROW EXECUTE FUNCTION refuse_change()', once || '_append_only', once);
    EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON %I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', once || '_no_truncate', once);
  END LOOP;
END
$$;

-- Functions that look past row-level security belong to the role that may, and are called by the two logins only.
CREATE OR REPLACE FUNCTION let_look_past(VARIADIC signatures text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
DECLARE
  signature text;
BEGIN
  FOREACH signature IN ARRAY signatures LOOP
    EXECUTE format('ALTER FUNCTION public.%s OWNER TO yinling_definer', signature);
    EXECUTE format('REVOKE ALL ON FUNCTION public.%s FROM PUBLIC', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION public.%s TO yinling_app, yinling_jobs, yinling_definer', signature);
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION spell_out(text), guard_rows(text, text, text, text), guard_writing(text, text, text[]),
  write_once(text[]), let_look_past(text[]) FROM PUBLIC;

-- One row tells every process whether the rules and the catalogue it keeps are still those of the database
-- (services/cities/known.py). It changes in the transaction that changes them; a stamp is never used again.
INSERT INTO rules_stamp (id, stamp) VALUES (1, gen_random_uuid()::text) ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION stamp_rules() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  UPDATE rules_stamp SET stamp = gen_random_uuid()::text WHERE id = 1;
  RETURN NULL;
END
$$;
ALTER FUNCTION stamp_rules() OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION stamp_rules() FROM PUBLIC;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON rules_stamp FROM yinling_app, yinling_jobs;
GRANT SELECT ON rules_stamp TO yinling_app, yinling_jobs;
GRANT SELECT, UPDATE ON rules_stamp TO yinling_definer;
DO $$
DECLARE
  kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['city', 'city_pack_version', 'rules_adoption', 'service_item', 'service_standard'] LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS stamp_rules ON %I', kept);
    EXECUTE format('CREATE TRIGGER stamp_rules AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION stamp_rules()', kept);
  END LOOP;
END
$$;

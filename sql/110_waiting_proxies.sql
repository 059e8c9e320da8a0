-- Who waits to be confirmed as an elder's relative in the acting office's area: the relative herself usually
-- lives elsewhere, so her name is looked up here. Only open requests, only of the acting range.
CREATE OR REPLACE FUNCTION waiting_proxies()
RETURNS TABLE (proxy_id bigint, elder_id bigint, elder_name text, area_code bigint, relative_name text,
               relation text, scopes text[], requested_at timestamptz, expires_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT x.id, x.elder_id, e.full_name, x.area_code, r.full_name, x.relation, x.scopes, x.requested_at, x.expires_on
  FROM proxy x JOIN person e ON e.id = x.elder_id JOIN person r ON r.id = x.proxy_person_id
  WHERE x.state = 'requested' AND x.area_code BETWEEN acting_lo() AND acting_hi()
$$;
ALTER FUNCTION waiting_proxies() OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION waiting_proxies() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION waiting_proxies() TO yinling_app, yinling_jobs, yinling_definer;

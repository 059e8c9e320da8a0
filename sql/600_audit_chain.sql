-- The chain over the trail: acts, readings in clear, looks through broken glass. docs/audit.md says why it is linked
-- after the fact: a chain that every act had to join would make a district's orders wait for each other.

CREATE OR REPLACE FUNCTION house_now() RETURNS timestamptz
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ SELECT clock_timestamp() + COALESCE((SELECT ahead FROM demo_clock WHERE id = 1), interval '0') $$;

CREATE OR REPLACE FUNCTION audit_moment(moment timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (extract(epoch FROM moment) * 1000000)::bigint $$;

-- Every row that belongs into a chain, with exactly what its hash covers. Columns are named, so that a column added
-- later changes no old hash; JSON arrays leave no doubt where one value ends.
CREATE OR REPLACE VIEW audit_row WITH (security_invoker = true) AS
  SELECT 'act'::text AS source, a.id AS row_id, COALESCE(a.area_code, 0) / 1000000000 AS chain_code, a.happened_at,
    convert_to(jsonb_build_array('act', a.id, audit_moment(a.happened_at), a.verb, a.actor_id, a.actor_role, a.for_person_id,
      a.by_right, a.channel, a.area_code, a.subject_type, a.subject_id, a.request_id, a.facts)::text, 'UTF8') AS content
  FROM act a
  UNION ALL
  SELECT 'disclosure', d.id, d.area_code / 1000000000, d.happened_at,
    convert_to(jsonb_build_array('disclosure', d.id, audit_moment(d.happened_at), d.reader_id, d.reader_role, d.person_id,
      d.area_code, d.field, d.purpose, d.reason, d.by_right, d.channel, d.request_id)::text, 'UTF8')
  FROM disclosure d
  UNION ALL
  SELECT 'break_glass_reading', r.id, r.area_code / 1000000000, r.happened_at,
    convert_to(jsonb_build_array('break_glass_reading', r.id, audit_moment(r.happened_at), r.glass_id, r.reader_id, r.elder_id,
      r.area_code, r.what, r.channel, r.request_id)::text, 'UTF8')
  FROM break_glass_reading r;
ALTER VIEW audit_row OWNER TO yinling_definer;
REVOKE ALL ON audit_row FROM PUBLIC, yinling_app, yinling_jobs;

-- A running hash: the state before, or the chain's head when the window begins, and the row's content.
CREATE OR REPLACE FUNCTION audit_step(state bytea, head bytea, content bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT sha256(COALESCE(state, head) || content) $$;
DO $$
BEGIN
  IF to_regprocedure('audit_running(bytea, bytea)') IS NULL THEN
    CREATE AGGREGATE audit_running(bytea, bytea) (SFUNC = audit_step, STYPE = bytea);
  END IF;
END
$$;

-- Where a chain begins: its own name, so that two chains never share a link.
CREATE OR REPLACE FUNCTION audit_origin(chain bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT sha256(convert_to('yinling audit chain ' || chain, 'UTF8')) $$;

-- Take what stands outside of the chains into them, at most `at_most` rows of each source; gives how many were linked.
-- One linker at a time; whoever writes an act never asks for its lock. Numbers are given out before rows are committed,
-- so a lower number may appear later: rows above the floor are looked through each time, and the floor follows an hour
-- behind. `everything` looks below the floor too.
CREATE OR REPLACE FUNCTION link_audit_rows(at_moment timestamptz, everything boolean DEFAULT false, at_most bigint DEFAULT 50000)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  from_source text;
  beyond bigint;
  made bigint;
  total bigint := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(602600, 1);
  FOREACH from_source IN ARRAY ARRAY['act', 'disclosure', 'break_glass_reading'] LOOP
    INSERT INTO audit_floor (source, settled_id, pending_id, pending_at) VALUES (from_source, 0, 0, clock_timestamp())
      ON CONFLICT DO NOTHING;
    SELECT CASE WHEN everything THEN 0 ELSE settled_id END INTO beyond FROM audit_floor WHERE source = from_source;
    EXECUTE format($link$
      WITH fresh AS MATERIALIZED (
        SELECT r.row_id FROM %1$I AS t CROSS JOIN LATERAL (SELECT t.id AS row_id) AS r
        WHERE t.id > $1 AND NOT EXISTS (SELECT FROM audit_link l WHERE l.source = %1$L AND l.row_id = t.id)
        ORDER BY t.id LIMIT $2),
      rows AS MATERIALIZED (
        SELECT v.chain_code, v.row_id, v.content FROM fresh JOIN audit_row v ON v.source = %1$L AND v.row_id = fresh.row_id),
      heads AS MATERIALIZED (
        SELECT c.chain_code, COALESCE(h.seq, 0) AS seq, COALESCE(h.hash, audit_origin(c.chain_code)) AS hash
        FROM (SELECT DISTINCT chain_code FROM rows) AS c
        LEFT JOIN LATERAL (SELECT l.seq, l.hash FROM audit_link l WHERE l.chain_code = c.chain_code
                           ORDER BY l.seq DESC LIMIT 1) AS h ON true)
      INSERT INTO audit_link (chain_code, seq, source, row_id, hash, linked_at)
      SELECT rows.chain_code, heads.seq + row_number() OVER w, %1$L, rows.row_id,
        audit_running(heads.hash, rows.content) OVER w, $3
      FROM rows JOIN heads ON heads.chain_code = rows.chain_code
      WINDOW w AS (PARTITION BY rows.chain_code ORDER BY rows.row_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    $link$, from_source) USING beyond, at_most, at_moment;
    GET DIAGNOSTICS made = ROW_COUNT;
    total := total + made;
    UPDATE audit_floor SET settled_id = pending_id, pending_at = clock_timestamp(),
      pending_id = COALESCE((SELECT max(row_id) FROM audit_link WHERE source = from_source), 0)
    WHERE source = from_source AND made < at_most AND pending_at < clock_timestamp() - interval '1 hour';
  END LOOP;
  RETURN total;
END
$$;

CREATE OR REPLACE FUNCTION audit_rows_wait() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (SELECT FROM act WHERE id > COALESCE((SELECT max(row_id) FROM audit_link WHERE source = 'act'), 0))
    OR EXISTS (SELECT FROM disclosure WHERE id > COALESCE((SELECT max(row_id) FROM audit_link WHERE source = 'disclosure'), 0))
    OR EXISTS (SELECT FROM break_glass_reading
               WHERE id > COALESCE((SELECT max(row_id) FROM audit_link WHERE source = 'break_glass_reading'), 0))
$$;

-- The text of a seal: the seal before it and the chain's head.
CREATE OR REPLACE FUNCTION audit_seal_content(chain bigint, numbered bigint, previous_root bytea, upto bigint, head bytea)
RETURNS text LANGUAGE sql IMMUTABLE AS
$$
  SELECT concat_ws(E'\n', 'yinling audit seal', 'chain ' || chain, 'number ' || numbered,
    'previous ' || COALESCE(encode(previous_root, 'hex'), 'none'), 'upto ' || upto, 'head ' || encode(head, 'hex'))
$$;

-- Seal every chain that grew since its last seal; gives how many seals were set.
CREATE OR REPLACE FUNCTION seal_audit_chains(at_moment timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  made bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(602600, 1);
  INSERT INTO audit_seal (chain_code, seal_number, upto_seq, content, root, recorded_at)
  SELECT s.chain_code, s.number, s.seq, s.content, sha256(convert_to(s.content, 'UTF8')), at_moment
  FROM (
    SELECT h.chain_code, h.seq, COALESCE(p.seal_number, 0) + 1 AS number,
      audit_seal_content(h.chain_code, COALESCE(p.seal_number, 0) + 1, p.root, h.seq, h.hash) AS content
    FROM (SELECT DISTINCT ON (chain_code) chain_code, seq, hash FROM audit_link ORDER BY chain_code, seq DESC) AS h
    LEFT JOIN LATERAL (SELECT * FROM audit_seal x WHERE x.chain_code = h.chain_code ORDER BY seal_number DESC LIMIT 1) AS p
      ON true
    WHERE p.upto_seq IS DISTINCT FROM h.seq) AS s;
  GET DIAGNOSTICS made = ROW_COUNT;
  RETURN made;
END
$$;

-- The first row that does not hold, believing nothing stored: every hash from the rows themselves, then every seal.
CREATE OR REPLACE FUNCTION first_bad_audit_row()
RETURNS TABLE (chain_code bigint, seq bigint, source text, row_id bigint, rule text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH placed AS (
    SELECT l.chain_code, l.seq, l.source, l.row_id, l.hash, r.content, r.chain_code AS belongs,
      lag(l.seq, 1, 0::bigint) OVER w AS before_seq, COALESCE(lag(l.hash) OVER w, audit_origin(l.chain_code)) AS before_hash
    FROM audit_link l LEFT JOIN audit_row r ON r.source = l.source AND r.row_id = l.row_id
    WINDOW w AS (PARTITION BY l.chain_code ORDER BY l.seq)),
  bad AS (
    SELECT p.chain_code, p.seq, p.source, p.row_id, CASE
      WHEN p.seq <> p.before_seq + 1 THEN 'a link is missing before this one'
      WHEN p.content IS NULL THEN 'the row is gone'
      WHEN p.hash <> sha256(p.before_hash || p.content) THEN 'the row or its hash was changed'
      WHEN p.belongs <> p.chain_code THEN 'the row stands in another chain' END AS rule
    FROM placed p
    UNION ALL
    SELECT s.chain_code, s.upto_seq, 'audit_seal', s.seal_number, CASE
      WHEN s.root <> sha256(convert_to(s.content, 'UTF8')) THEN 'the seal was changed'
      WHEN s.seal_number <> lag(s.seal_number, 1, 0::bigint) OVER w + 1 THEN 'a seal is missing before this one'
      WHEN l.hash IS NULL THEN 'the sealed link is gone'
      WHEN s.content <> audit_seal_content(s.chain_code, s.seal_number, lag(s.root) OVER w, s.upto_seq, l.hash)
        THEN 'the chain is not the one that was sealed' END
    FROM audit_seal s LEFT JOIN audit_link l ON l.chain_code = s.chain_code AND l.seq = s.upto_seq
    WINDOW w AS (PARTITION BY s.chain_code ORDER BY s.seal_number))
  SELECT b.chain_code, b.seq, b.source, b.row_id, b.rule FROM bad b WHERE b.rule IS NOT NULL
  ORDER BY b.chain_code, b.seq, b.source = 'audit_seal' LIMIT 1;
END
$$;

SELECT let_look_past('link_audit_rows(timestamptz, boolean, bigint)', 'audit_rows_wait()', 'seal_audit_chains(timestamptz)',
  'first_bad_audit_row()', 'house_now()');
REVOKE EXECUTE ON FUNCTION link_audit_rows(timestamptz, boolean, bigint), seal_audit_chains(timestamptz), first_bad_audit_row()
  FROM yinling_app;
SELECT write_once('audit_link', 'audit_seal', 'audit_check', 'break_glass_reading');
REVOKE UPDATE, DELETE, TRUNCATE ON audit_link, audit_seal, audit_check, break_glass_reading FROM yinling_app, yinling_jobs,
  yinling_definer;
REVOKE INSERT ON audit_check FROM yinling_app;
-- Nobody links or seals but the functions above.
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_link, audit_seal, audit_floor, break_glass_reading FROM yinling_app, yinling_jobs;

-- A seed is shown once, on its day and not before; its commitment never changes.
CREATE OR REPLACE FUNCTION guard_draw_seed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.seed IS NULL AND (NEW.day, NEW.commitment, NEW.made_at) = (OLD.day, OLD.commitment, OLD.made_at)
     AND NEW.day <= (house_now() AT TIME ZONE 'Asia/Shanghai')::date THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a seed is shown once, on its day'
    USING ERRCODE = 'restrict_violation', CONSTRAINT = 'draw_seed_append_only';
END
$$;
CREATE OR REPLACE TRIGGER draw_seed_shown_once BEFORE UPDATE OR DELETE ON draw_seed
  FOR EACH ROW EXECUTE FUNCTION guard_draw_seed();
CREATE OR REPLACE TRIGGER draw_seed_no_truncate BEFORE TRUNCATE ON draw_seed
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON draw_seed FROM yinling_app;
REVOKE UPDATE, DELETE, TRUNCATE ON draw_seed FROM yinling_jobs;
GRANT UPDATE (seed, shown_at) ON draw_seed TO yinling_jobs;

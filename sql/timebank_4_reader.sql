-- Reads of the ledger: what somebody holds now or held then, her statement, a bank's trial balance.

-- Every transfer seen from its two sides, as what it did to each account.
CREATE OR REPLACE VIEW timebank.effect WITH (security_invoker = true) AS
SELECT t.id, t.ledger, t.debit_account_id AS account_id, t.credit_account_id AS other_account_id,
  t.debit_seq AS seq, t.debit_hash AS hash, t.recorded_at,
  CASE WHEN t.phase IN ('single', 'post') THEN -t.coin_minutes ELSE 0 END AS posted,
  CASE t.phase WHEN 'single' THEN 0 WHEN 'pending' THEN t.coin_minutes ELSE -t.coin_minutes END AS pending_out,
  0::bigint AS pending_in
FROM timebank.transfer AS t
UNION ALL
SELECT t.id, t.ledger, t.credit_account_id, t.debit_account_id,
  t.credit_seq, t.credit_hash, t.recorded_at,
  CASE WHEN t.phase IN ('single', 'post') THEN t.coin_minutes ELSE 0 END,
  0::bigint,
  CASE t.phase WHEN 'single' THEN 0 WHEN 'pending' THEN t.coin_minutes ELSE -t.coin_minutes END
FROM timebank.transfer AS t;

-- Balance now (p_at NULL: from the locked row, or the last snapshot and later entries) or at a past moment.
CREATE OR REPLACE FUNCTION timebank.read_balance(p_account_id bigint, p_at timestamptz DEFAULT NULL)
RETURNS TABLE (account_id bigint, floor_minutes bigint, cap_minutes bigint,
  posted bigint, pending_out bigint, pending_in bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT b.account_id, b.floor_minutes, b.cap_minutes, b.posted, b.pending_out, b.pending_in
  FROM timebank.balance AS b WHERE b.account_id = p_account_id AND p_at IS NULL
  UNION ALL
  SELECT a.id, coalesce(l.floor_minutes, CASE WHEN l.id IS NULL THEN a.floor_minutes END),
    coalesce(l.cap_minutes, CASE WHEN l.id IS NULL THEN a.cap_minutes END),
    (coalesce(s.posted, 0) + coalesce(e.posted, 0))::bigint,
    (coalesce(s.pending_out, 0) + coalesce(e.pending_out, 0))::bigint,
    (coalesce(s.pending_in, 0) + coalesce(e.pending_in, 0))::bigint
  FROM timebank.account AS a
  LEFT JOIN LATERAL (
    SELECT * FROM timebank.limit_change AS x WHERE x.account_id = a.id AND x.recorded_at <= p_at
    ORDER BY x.id DESC LIMIT 1) AS l ON true
  LEFT JOIN LATERAL (
    SELECT * FROM timebank.balance_snapshot AS x
    WHERE x.account_id = a.id AND (p_at IS NULL OR coalesce(x.covers_until, '-infinity') <= p_at)
    ORDER BY x.upto_id DESC LIMIT 1) AS s ON true
  LEFT JOIN LATERAL (
    SELECT sum(f.posted) AS posted, sum(f.pending_out) AS pending_out, sum(f.pending_in) AS pending_in
    FROM timebank.effect AS f
    WHERE f.account_id = a.id AND f.id > coalesce(s.upto_id, 0) AND (p_at IS NULL OR f.recorded_at <= p_at)
  ) AS e ON true
  WHERE a.id = p_account_id
    AND (p_at IS NOT NULL OR (a.floor_minutes IS NULL AND a.cap_minutes IS NULL))
$$;

-- A page of one account's entries in [p_from, p_to), oldest first, after entry p_after_id.
CREATE OR REPLACE FUNCTION timebank.read_entries(
  p_account_id bigint, p_from timestamptz, p_to timestamptz, p_after_id bigint DEFAULT 0,
  p_limit integer DEFAULT 100
) RETURNS TABLE (transfer_id bigint, other_account_id bigint, entry_type text, phase text, pending_id bigint,
  posted_minutes bigint, held_minutes bigint, service_minutes bigint, rule_version text, subject_type text,
  subject_id text, event_at timestamptz, recorded_at timestamptz, seq bigint, hash bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT f.id, f.other_account_id, t.entry_type, t.phase, t.pending_id, f.posted::bigint,
    (f.pending_in - f.pending_out)::bigint, t.service_minutes, t.rule_version, t.subject_type, t.subject_id,
    t.event_at, t.recorded_at, f.seq, f.hash
  FROM timebank.effect AS f JOIN timebank.transfer AS t ON t.id = f.id
  WHERE f.account_id = p_account_id AND f.recorded_at >= p_from AND f.recorded_at < p_to
    AND f.id > p_after_id
  ORDER BY f.id LIMIT least(p_limit, 1000)
$$;

-- One bank's accounts by kind: what each kind gave and received; the last column sums to zero.
CREATE OR REPLACE FUNCTION timebank.read_trial_balance(p_ledger bigint, p_at timestamptz DEFAULT NULL)
RETURNS TABLE (kind text, accounts bigint, debit_minutes bigint, credit_minutes bigint, balance_minutes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.kind, count(DISTINCT a.id), coalesce(sum(-f.posted) FILTER (WHERE f.posted < 0), 0)::bigint,
    coalesce(sum(f.posted) FILTER (WHERE f.posted > 0), 0)::bigint, coalesce(sum(f.posted), 0)::bigint
  FROM timebank.account AS a
  LEFT JOIN timebank.effect AS f ON f.account_id = a.id AND (p_at IS NULL OR f.recorded_at <= p_at)
  WHERE a.ledger = p_ledger GROUP BY a.kind ORDER BY a.kind
$$;

-- One transfer by its number, for a receipt.
CREATE OR REPLACE FUNCTION timebank.read_transfer(p_transfer_id bigint) RETURNS SETOF timebank.transfer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM timebank.transfer WHERE id = p_transfer_id
$$;

-- Closing a month, resting points of hot accounts, and the daily seal. Each waits until no writer of the
-- ledger is half way through, so that "every transfer up to this number" is a true sentence.

CREATE OR REPLACE FUNCTION timebank.hold_ledger(p_ledger bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    PERFORM timebank.refuse('TB013', 'this needs read committed',
      jsonb_build_object('isolation', current_setting('transaction_isolation')));
  END IF;
  PERFORM pg_advisory_xact_lock(timebank.ledger_lock_number(p_ledger));
END
$$;

CREATE OR REPLACE FUNCTION timebank.close_period(p_now timestamptz, p_ledger bigint, p_closed_until timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM timebank.hold_ledger(p_ledger);
  IF p_closed_until > p_now THEN
    PERFORM timebank.refuse('TB014', 'this month is not over',
      jsonb_build_object('closed_until', p_closed_until, 'now', p_now));
  END IF;
  INSERT INTO timebank.period_close (ledger, closed_until, recorded_at)
  VALUES (p_ledger, p_closed_until, p_now) ON CONFLICT DO NOTHING;
END
$$;

CREATE OR REPLACE FUNCTION timebank.take_snapshots(p_now timestamptz, p_ledger bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  newest bigint;
  taken bigint;
BEGIN
  PERFORM timebank.hold_ledger(p_ledger);
  SELECT coalesce(max(id), 0) INTO newest FROM timebank.transfer;
  INSERT INTO timebank.balance_snapshot
    (account_id, upto_id, posted, pending_out, pending_in, covers_until, recorded_at)
  SELECT a.id, newest, now_held.posted, now_held.pending_out, now_held.pending_in,
    greatest(last_one.covers_until, later.covers_until), p_now
  FROM timebank.account AS a
  CROSS JOIN LATERAL timebank.read_balance(a.id) AS now_held
  LEFT JOIN LATERAL (SELECT upto_id, covers_until FROM timebank.balance_snapshot AS x
    WHERE x.account_id = a.id ORDER BY upto_id DESC LIMIT 1) AS last_one ON true
  LEFT JOIN LATERAL (SELECT max(recorded_at) AS covers_until FROM timebank.effect AS f
    WHERE f.account_id = a.id AND f.id > coalesce(last_one.upto_id, 0)) AS later ON true
  WHERE a.ledger = p_ledger AND a.floor_minutes IS NULL AND a.cap_minutes IS NULL
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS taken = ROW_COUNT;
  RETURN taken;
END
$$;

-- The text of a seal: the seal before it, every chain's head and every unfloored account's totals.
DROP FUNCTION IF EXISTS timebank.seal_content(bigint, bigint, bytea, bigint, bigint);
CREATE OR REPLACE FUNCTION timebank.seal_content(
  p_ledger bigint, p_seal_number bigint, p_previous_root bytea, p_upto_id bigint,
  p_upto_account_id bigint, p_upto_limit_change_id bigint
) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT concat_ws(E'\n', 'yinling timebank seal', 'ledger ' || p_ledger, 'number ' || p_seal_number,
    'previous ' || coalesce(encode(p_previous_root, 'hex'), 'none'), 'upto ' || p_upto_id,
    (SELECT string_agg('account ' || a.id || ' ' || coalesce(
        'seq ' || head.seq || ' ' || encode(head.hash, 'hex'), 'opened ' || encode(a.account_hash, 'hex'))
        || CASE WHEN a.floor_minutes IS NULL AND a.cap_minutes IS NULL
           THEN ' entries ' || totals.entries || ' minutes ' || totals.minutes ELSE '' END
        || coalesce(' limits ' || encode(decided.hash, 'hex'), ''),
        E'\n' ORDER BY a.id)
      FROM timebank.account AS a
      LEFT JOIN LATERAL (
        SELECT f.seq, f.hash FROM timebank.effect AS f
        WHERE f.account_id = a.id AND f.id <= p_upto_id AND f.seq IS NOT NULL
        ORDER BY f.id DESC LIMIT 1) AS head ON true
      LEFT JOIN LATERAL (
        SELECT count(*) AS entries, coalesce(sum(f.posted), 0) AS minutes FROM timebank.effect AS f
        WHERE f.account_id = a.id AND f.id <= p_upto_id
          AND a.floor_minutes IS NULL AND a.cap_minutes IS NULL) AS totals ON true
      LEFT JOIN LATERAL (
        SELECT x.hash FROM timebank.limit_change AS x
        WHERE x.account_id = a.id AND x.id <= p_upto_limit_change_id ORDER BY x.id DESC LIMIT 1) AS decided ON true
      WHERE a.ledger = p_ledger AND a.id <= p_upto_account_id))
$$;

CREATE OR REPLACE FUNCTION timebank.seal_ledger(p_now timestamptz, p_ledger bigint) RETURNS timebank.seal
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last_one timebank.seal;
  s timebank.seal;
BEGIN
  PERFORM timebank.hold_ledger(p_ledger);
  SELECT * INTO last_one FROM timebank.seal WHERE ledger = p_ledger ORDER BY seal_number DESC LIMIT 1;
  s.ledger := p_ledger;
  s.seal_number := coalesce(last_one.seal_number, 0) + 1;
  SELECT coalesce(max(id), 0) INTO s.upto_id FROM timebank.transfer WHERE ledger = p_ledger;
  SELECT coalesce(max(id), 0) INTO s.upto_account_id FROM timebank.account WHERE ledger = p_ledger;
  SELECT coalesce(max(id), 0) INTO s.upto_limit_change_id FROM timebank.limit_change WHERE ledger = p_ledger;
  s.content := timebank.seal_content(p_ledger, s.seal_number, last_one.root, s.upto_id, s.upto_account_id,
    s.upto_limit_change_id);
  s.root := sha256(convert_to(s.content, 'UTF8'));
  s.recorded_at := p_now;
  INSERT INTO timebank.seal SELECT (s).*;
  RETURN s;
END
$$;

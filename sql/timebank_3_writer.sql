-- The only writer of minutes. Called inside the caller's transaction; nothing here commits.
-- Refusals carry SQLSTATE TBnnn (or a constraint's name) and their facts as JSON in DETAIL.

CREATE OR REPLACE FUNCTION timebank.refuse(p_code text, p_message text, p_facts jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = p_code, MESSAGE = p_message, DETAIL = p_facts::text;
END
$$;

-- Whole microseconds since 1970 UTC: the same text in every session's time zone.
CREATE OR REPLACE FUNCTION timebank.microseconds(p_at timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT (extract(epoch FROM p_at) * 1000000)::bigint
$$;

-- What the chain hashes of one transfer, and of one account at its opening.
CREATE OR REPLACE FUNCTION timebank.transfer_bytes(t timebank.transfer) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT convert_to(jsonb_build_array(
    t.id, t.ledger, t.phase, t.pending_id, t.debit_account_id, t.debit_kind, t.credit_account_id,
    t.credit_kind, t.entry_type, t.coin_minutes, t.service_minutes, t.rule_version, t.key,
    encode(t.request_hash, 'hex'), timebank.microseconds(t.event_at), timebank.microseconds(t.recorded_at),
    t.subject_type, t.subject_id, t.reverses_id, t.part_of_id)::text, 'UTF8')
$$;

CREATE OR REPLACE FUNCTION timebank.account_bytes(a timebank.account) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT convert_to(jsonb_build_array(a.id, a.ledger, a.kind, a.floor_minutes, a.cap_minutes,
    a.owner_label, timebank.microseconds(a.created_at))::text, 'UTF8')
$$;

-- Writers hold it shared; a close, a snapshot or a seal holds it alone, so that none is half way through.
CREATE OR REPLACE FUNCTION timebank.ledger_lock_number(p_ledger bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT hashtextextended('timebank.ledger', p_ledger)
$$;

CREATE OR REPLACE FUNCTION timebank.open_account(
  p_now timestamptz, p_ledger bigint, p_kind text,
  p_floor_minutes bigint DEFAULT NULL, p_cap_minutes bigint DEFAULT NULL, p_owner_label text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  a timebank.account;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(timebank.ledger_lock_number(p_ledger));
  a.id := nextval('timebank.account_id_seq');
  a.ledger := p_ledger;
  a.kind := p_kind;
  a.floor_minutes := p_floor_minutes;
  a.cap_minutes := p_cap_minutes;
  a.owner_label := p_owner_label;
  a.created_at := p_now;
  a.account_hash := sha256(timebank.account_bytes(a));
  INSERT INTO timebank.account SELECT (a).*;
  IF p_floor_minutes IS NOT NULL OR p_cap_minutes IS NOT NULL THEN
    INSERT INTO timebank.balance (account_id, floor_minutes, cap_minutes, posted, pending_out, pending_in,
      last_seq, last_hash, last_recorded_at)
    VALUES (a.id, p_floor_minutes, p_cap_minutes, 0, 0, 0, 0, a.account_hash, p_now);
  END IF;
  RETURN a.id;
END
$$;

-- Every writer takes its ledger (shared) and then its accounts, in sorted order: no two can wait in a circle.
CREATE OR REPLACE FUNCTION timebank.lock_accounts(p_ledger bigint, p_account_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(timebank.ledger_lock_number(p_ledger));
  PERFORM 1 FROM timebank.balance WHERE account_id = ANY (p_account_ids)
    ORDER BY account_id FOR NO KEY UPDATE;
END
$$;

-- A retry of the same request gets the transfer it made; another request under its key is refused.
CREATE OR REPLACE FUNCTION timebank.find_by_key(p_ledger bigint, p_key text, p_request_hash bytea)
RETURNS timebank.transfer
LANGUAGE plpgsql AS $$
DECLARE
  found_row timebank.transfer;
BEGIN
  SELECT * INTO found_row FROM timebank.transfer WHERE ledger = p_ledger AND key = p_key;
  IF found_row.id IS NOT NULL AND found_row.request_hash <> p_request_hash THEN
    PERFORM timebank.refuse('TB003', 'this key was used for another request',
      jsonb_build_object('ledger', p_ledger, 'key', p_key, 'transfer_id', found_row.id));
  END IF;
  RETURN found_row;
END
$$;

-- Say who lacks what before the balance CHECKs would say only that something is lacking.
CREATE OR REPLACE FUNCTION timebank.explain_limits(
  d timebank.balance, c timebank.balance, p_minutes bigint
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF d.posted - d.pending_out - p_minutes < d.floor_minutes THEN
    PERFORM timebank.refuse('TB001', 'not enough minutes', jsonb_build_object('account_id', d.account_id,
      'needed_minutes', p_minutes, 'available_minutes', d.posted - d.pending_out - d.floor_minutes));
  END IF;
  IF c.posted + c.pending_in + p_minutes > c.cap_minutes THEN
    PERFORM timebank.refuse('TB002', 'over the cap', jsonb_build_object('account_id', c.account_id,
      'minutes', p_minutes, 'room_minutes', c.cap_minutes - c.posted - c.pending_in));
  END IF;
END
$$;

-- The moment an entry is recorded is never before its accounts' last entry, never in a closed month.
DROP FUNCTION IF EXISTS timebank.moment_to_record(timestamptz, bigint, timebank.balance, timebank.balance);
CREATE OR REPLACE FUNCTION timebank.explain_moment(p_now timestamptz, p_ledger bigint, p_recorded_at timestamptz)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF p_now < p_recorded_at - interval '5 minutes' THEN
    PERFORM timebank.refuse('TB007', 'the clock stepped back',
      jsonb_build_object('now', p_now, 'last_recorded_at', p_recorded_at));
  END IF;
  PERFORM timebank.refuse('TB006', 'the period is closed',
    jsonb_build_object('ledger', p_ledger, 'recorded_at', p_recorded_at));
END
$$;

-- Number, chain, insert and move, from balances the caller has locked and read. NULL: the key was taken a moment
-- ago. The refusals are asked for by one comparison each and worded elsewhere: most transfers need no words.
CREATE OR REPLACE FUNCTION timebank.write_transfer(
  p_now timestamptz, t timebank.transfer, d timebank.balance, c timebank.balance, p_closed_until timestamptz
) RETURNS timebank.transfer
LANGUAGE plpgsql AS $$
DECLARE
  content bytea;
  moved bigint := CASE WHEN t.phase IN ('single', 'post') THEN t.coin_minutes ELSE 0 END;
  held bigint := CASE t.phase WHEN 'single' THEN 0 WHEN 'pending' THEN t.coin_minutes ELSE -t.coin_minutes END;
BEGIN
  IF t.phase IN ('single', 'pending') AND (d.posted - d.pending_out - t.coin_minutes < d.floor_minutes
      OR c.posted + c.pending_in + t.coin_minutes > c.cap_minutes) THEN
    PERFORM timebank.explain_limits(d, c, t.coin_minutes);
  END IF;
  t.recorded_at := greatest(p_now, d.last_recorded_at, c.last_recorded_at);
  IF p_now < t.recorded_at - interval '5 minutes' OR p_closed_until > t.recorded_at THEN
    PERFORM timebank.explain_moment(p_now, t.ledger, t.recorded_at);
  END IF;
  t.event_at := coalesce(t.event_at, p_now);
  IF c.daily_cap_minutes IS NOT NULL OR d.daily_cap_minutes IS NOT NULL THEN
    PERFORM timebank.count_day(t, d, c);
  END IF;
  t.id := nextval('timebank.transfer_id_seq');
  content := timebank.transfer_bytes(t);
  t.debit_seq := d.last_seq + 1;
  t.credit_seq := c.last_seq + 1;
  t.debit_hash := sha256(d.last_hash || content);
  t.credit_hash := sha256(c.last_hash || content);
  INSERT INTO timebank.transfer SELECT (t).* ON CONFLICT (ledger, key) DO NOTHING;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  UPDATE timebank.balance SET
    posted = posted + CASE account_id WHEN d.account_id THEN -moved ELSE moved END,
    pending_out = pending_out + CASE account_id WHEN d.account_id THEN held ELSE 0 END,
    pending_in = pending_in + CASE account_id WHEN d.account_id THEN 0 ELSE held END,
    last_seq = CASE account_id WHEN d.account_id THEN t.debit_seq ELSE t.credit_seq END,
    last_hash = CASE account_id WHEN d.account_id THEN t.debit_hash ELSE t.credit_hash END,
    last_recorded_at = t.recorded_at
  WHERE account_id IN (d.account_id, c.account_id);
  RETURN t;
END
$$;

-- The same for a caller who holds the locks and has read nothing.
CREATE OR REPLACE FUNCTION timebank.append_transfer(p_now timestamptz, p_row timebank.transfer)
RETURNS timebank.transfer
LANGUAGE plpgsql AS $$
DECLARE
  d timebank.balance;
  c timebank.balance;
BEGIN
  SELECT * INTO d FROM timebank.balance WHERE account_id = p_row.debit_account_id;
  SELECT * INTO c FROM timebank.balance WHERE account_id = p_row.credit_account_id;
  RETURN timebank.write_transfer(p_now, p_row, d, c,
    (SELECT max(closed_until) FROM timebank.period_close WHERE ledger = p_row.ledger));
END
$$;

-- Fill in the two accounts' kinds, which the foreign keys then hold to be true and allowed.
CREATE OR REPLACE FUNCTION timebank.name_accounts(t timebank.transfer, p_debit bigint, p_credit bigint)
RETURNS timebank.transfer
LANGUAGE plpgsql AS $$
BEGIN
  t.debit_account_id := p_debit;
  t.credit_account_id := p_credit;
  SELECT kind INTO t.debit_kind FROM timebank.account WHERE id = p_debit AND ledger = t.ledger;
  SELECT kind INTO t.credit_kind FROM timebank.account WHERE id = p_credit AND ledger = t.ledger;
  IF t.debit_kind IS NULL OR t.credit_kind IS NULL THEN
    PERFORM timebank.refuse('TB005', 'no such account in this ledger', jsonb_build_object('ledger', t.ledger,
      'account_id', CASE WHEN t.debit_kind IS NULL THEN p_debit ELSE p_credit END));
  END IF;
  RETURN t;
END
$$;

CREATE OR REPLACE FUNCTION timebank.record_transfer(
  p_now timestamptz, p_ledger bigint, p_key text, p_debit_account_id bigint, p_credit_account_id bigint,
  p_entry_type text, p_coin_minutes bigint, p_service_minutes bigint DEFAULT NULL,
  p_pending boolean DEFAULT false, p_event_at timestamptz DEFAULT NULL,
  p_subject_type text DEFAULT NULL, p_subject_id text DEFAULT NULL, p_rule_version text DEFAULT NULL,
  p_overflow_account_id bigint DEFAULT NULL
) RETURNS timebank.transfer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  t timebank.transfer;
  made timebank.transfer;
  d timebank.balance;
  c timebank.balance;
  room bigint;
  known bigint;
  closed_until timestamptz;
  ledger_held boolean;
BEGIN
  IF p_entry_type = 'clearing' THEN
    PERFORM timebank.refuse_one_leg(p_ledger, p_key);
  END IF;
  t.request_hash := sha256(convert_to(jsonb_build_array('record', p_debit_account_id, p_credit_account_id,
    p_entry_type, p_coin_minutes, p_service_minutes, p_pending, timebank.microseconds(p_event_at),
    p_subject_type, p_subject_id, p_rule_version, p_overflow_account_id)::text, 'UTF8'));
  -- the ledger, then the lower account, then the higher one; an account without limits has no row to lock
  ledger_held := pg_advisory_xact_lock_shared(timebank.ledger_lock_number(p_ledger)) IS NOT NULL;
  IF p_debit_account_id < p_credit_account_id THEN
    SELECT * INTO d FROM timebank.balance WHERE account_id = p_debit_account_id FOR NO KEY UPDATE;
  END IF;
  SELECT * INTO c FROM timebank.balance WHERE account_id = p_credit_account_id FOR NO KEY UPDATE;
  IF p_debit_account_id >= p_credit_account_id THEN
    SELECT * INTO d FROM timebank.balance WHERE account_id = p_debit_account_id FOR NO KEY UPDATE;
  END IF;
  SELECT (SELECT kind FROM timebank.account WHERE id = p_debit_account_id AND ledger = p_ledger),
    (SELECT kind FROM timebank.account WHERE id = p_credit_account_id AND ledger = p_ledger),
    (SELECT e.id FROM timebank.transfer AS e WHERE e.ledger = p_ledger AND e.key = p_key),
    (SELECT max(p.closed_until) FROM timebank.period_close AS p WHERE p.ledger = p_ledger)
  INTO t.debit_kind, t.credit_kind, known, closed_until;
  IF known IS NOT NULL THEN
    RETURN timebank.find_by_key(p_ledger, p_key, t.request_hash);
  END IF;
  t.ledger := p_ledger;
  t.debit_account_id := p_debit_account_id;
  t.credit_account_id := p_credit_account_id;
  IF t.debit_kind IS NULL OR t.credit_kind IS NULL THEN
    PERFORM timebank.name_accounts(t, p_debit_account_id, p_credit_account_id);
  END IF;
  t.phase := CASE WHEN p_pending THEN 'pending' ELSE 'single' END;
  t.key := p_key;
  t.entry_type := p_entry_type;
  t.coin_minutes := p_coin_minutes;
  t.service_minutes := coalesce(p_service_minutes, p_coin_minutes);
  t.rule_version := p_rule_version;
  t.event_at := p_event_at;
  t.subject_type := p_subject_type;
  t.subject_id := p_subject_id;
  IF p_overflow_account_id IS NOT NULL THEN
    room := least(c.cap_minutes - c.posted - c.pending_in, CASE WHEN p_entry_type = 'earn'
      THEN timebank.day_room(c.account_id, c.daily_cap_minutes, coalesce(p_event_at, p_now)) END);
    room := CASE WHEN room < 0 THEN 0 ELSE room END;
  END IF;
  IF room < p_coin_minutes THEN
    made := timebank.append_with_overflow(p_now, t, room, p_overflow_account_id);
  ELSE
    made := timebank.write_transfer(p_now, t, d, c, closed_until);
  END IF;
  IF made.id IS NULL THEN
    made := timebank.find_by_key(p_ledger, p_key, t.request_hash);
  END IF;
  RETURN made;
END
$$;

-- Minutes over the cap go to the donation pool in the same act: the volunteer keeps what fits.
CREATE OR REPLACE FUNCTION timebank.append_with_overflow(
  p_now timestamptz, p_row timebank.transfer, p_room bigint, p_overflow_account_id bigint
) RETURNS timebank.transfer
LANGUAGE plpgsql AS $$
DECLARE
  over timebank.transfer := timebank.name_accounts(p_row, p_row.debit_account_id, p_overflow_account_id);
  kept timebank.transfer := p_row;
BEGIN
  IF p_row.debit_account_id = p_row.credit_account_id THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_not_to_self_check',
      MESSAGE = 'what one gives oneself cannot overflow either';
  ELSIF NOT EXISTS (SELECT 1 FROM timebank.entry_pair WHERE entry_type = p_row.entry_type
      AND debit_kind = p_row.debit_kind AND credit_kind = p_row.credit_kind) THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'transfer_pair_allowed_fkey',
      MESSAGE = 'what may not be given cannot overflow either';
  END IF;
  over.entry_type := 'overflow';
  IF p_room = 0 THEN
    RETURN timebank.append_transfer(p_now, over);
  END IF;
  kept.coin_minutes := p_room;
  kept := timebank.append_transfer(p_now, kept);
  IF kept.id IS NOT NULL THEN
    over.part_of_id := kept.id;
    over.key := p_row.key || '#overflow';
    over.coin_minutes := p_row.coin_minutes - p_room;
    over.service_minutes := 0;
    PERFORM timebank.append_part(p_now, over);
  END IF;
  RETURN kept;
END
$$;

-- The second row of one act. Its key is ours alone: if somebody else took it, the act fails whole.
CREATE OR REPLACE FUNCTION timebank.append_part(p_now timestamptz, p_row timebank.transfer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  made timebank.transfer := timebank.append_transfer(p_now, p_row);
BEGIN
  IF made.id IS NULL THEN
    PERFORM timebank.refuse('TB003', 'this key was used for another request',
      jsonb_build_object('ledger', p_row.ledger, 'key', p_row.key));
  END IF;
END
$$;

-- A pending transfer is posted or voided once; its overflow goes the same way with it.
CREATE OR REPLACE FUNCTION timebank.resolve_transfer(
  p_now timestamptz, p_pending_id bigint, p_outcome text, p_key text
) RETURNS timebank.transfer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held timebank.transfer;
  part timebank.transfer;
  made timebank.transfer;
  request bytea := sha256(convert_to(jsonb_build_array('resolve', p_pending_id, p_outcome)::text, 'UTF8'));
BEGIN
  SELECT * INTO held FROM timebank.transfer WHERE id = p_pending_id;
  SELECT * INTO part FROM timebank.transfer WHERE part_of_id = p_pending_id;
  IF held.id IS NULL THEN
    PERFORM timebank.refuse('TB009', 'no such transfer', jsonb_build_object('transfer_id', p_pending_id));
  ELSIF held.phase <> 'pending' OR held.part_of_id IS NOT NULL THEN
    PERFORM timebank.refuse('TB008', 'this transfer is not pending',
      jsonb_build_object('transfer_id', p_pending_id, 'phase', held.phase, 'part_of_id', held.part_of_id));
  ELSIF p_outcome IS NULL OR p_outcome NOT IN ('post', 'void') THEN
    PERFORM timebank.refuse('TB012', 'post or void', jsonb_build_object('outcome', p_outcome));
  ELSIF held.entry_type = 'clearing' THEN
    PERFORM timebank.refuse_one_leg(held.ledger, held.key);
  END IF;
  PERFORM timebank.lock_accounts(held.ledger,
    ARRAY[held.debit_account_id, held.credit_account_id, part.credit_account_id]);
  made := timebank.find_by_key(held.ledger, p_key, request);
  IF made.id IS NOT NULL THEN
    RETURN made;
  END IF;
  PERFORM timebank.refuse('TB004', 'already resolved',
      jsonb_build_object('pending_id', p_pending_id, 'outcome', t.phase, 'resolved_by', t.id))
    FROM timebank.transfer AS t WHERE t.pending_id = p_pending_id;
  made := timebank.append_transfer(p_now, timebank.resolution_of(held, p_outcome, p_key, request, NULL));
  IF made.id IS NULL THEN
    RETURN timebank.find_by_key(held.ledger, p_key, request);
  END IF;
  IF part.id IS NOT NULL THEN
    PERFORM timebank.append_part(p_now,
      timebank.resolution_of(part, p_outcome, p_key || '#overflow', request, made.id));
  END IF;
  RETURN made;
END
$$;

CREATE OR REPLACE FUNCTION timebank.resolution_of(
  p_held timebank.transfer, p_outcome text, p_key text, p_request_hash bytea, p_part_of_id bigint
) RETURNS timebank.transfer
LANGUAGE plpgsql AS $$
DECLARE
  t timebank.transfer := p_held;
BEGIN
  t.phase := p_outcome;
  t.pending_id := p_held.id;
  t.part_of_id := p_part_of_id;
  t.key := p_key;
  t.request_hash := p_request_hash;
  RETURN t;
END
$$;

-- An error is answered by its opposite, never by an edit. Minutes already spent become the debt of a
-- clawback account when one is given; nobody falls below the floor.
CREATE OR REPLACE FUNCTION timebank.reverse_transfer(
  p_now timestamptz, p_transfer_id bigint, p_key text, p_clawback_account_id bigint DEFAULT NULL
) RETURNS timebank.transfer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  original timebank.transfer;
  t timebank.transfer;
  made timebank.transfer;
  available bigint;
BEGIN
  SELECT * INTO original FROM timebank.transfer WHERE id = p_transfer_id;
  IF original.id IS NULL THEN
    PERFORM timebank.refuse('TB009', 'no such transfer', jsonb_build_object('transfer_id', p_transfer_id));
  END IF;
  t.request_hash := sha256(convert_to(
    jsonb_build_array('reverse', p_transfer_id, p_clawback_account_id)::text, 'UTF8'));
  PERFORM timebank.lock_accounts(original.ledger,
    ARRAY[original.debit_account_id, original.credit_account_id, p_clawback_account_id]);
  made := timebank.find_by_key(original.ledger, p_key, t.request_hash);
  IF made.id IS NOT NULL THEN
    RETURN made;
  END IF;
  PERFORM timebank.refuse_unless_reversible(original);
  t.ledger := original.ledger;
  t := timebank.name_accounts(t, original.credit_account_id, original.debit_account_id);
  t.phase := 'single';
  t.key := p_key;
  t.entry_type := 'reversal';
  t.reverses_id := original.id;
  t.coin_minutes := original.coin_minutes;
  t.service_minutes := original.service_minutes;
  t.rule_version := original.rule_version;
  IF p_clawback_account_id IS NOT NULL THEN
    SELECT greatest(posted - pending_out - floor_minutes, 0) INTO available
      FROM timebank.balance WHERE account_id = t.debit_account_id AND floor_minutes IS NOT NULL;
  END IF;
  IF available < t.coin_minutes THEN
    made := timebank.append_with_clawback(p_now, t, available, p_clawback_account_id);
  ELSE
    made := timebank.append_transfer(p_now, t);
  END IF;
  IF made.id IS NULL THEN
    made := timebank.find_by_key(t.ledger, p_key, t.request_hash);
  END IF;
  RETURN made;
END
$$;

CREATE OR REPLACE FUNCTION timebank.refuse_unless_reversible(p_original timebank.transfer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  posted_by bigint;
BEGIN
  SELECT id INTO posted_by FROM timebank.transfer WHERE pending_id = p_original.id AND phase = 'post';
  IF p_original.entry_type IN ('reversal', 'clearing') OR p_original.phase IN ('post', 'void')
    OR (p_original.phase = 'pending' AND posted_by IS NULL) THEN
    PERFORM timebank.refuse('TB010', 'only minutes that moved can be reversed', jsonb_build_object(
      'transfer_id', p_original.id, 'phase', p_original.phase, 'entry_type', p_original.entry_type));
  END IF;
  PERFORM timebank.refuse('TB011', 'already reversed',
      jsonb_build_object('transfer_id', p_original.id, 'reversed_by', t.id))
    FROM timebank.transfer AS t WHERE t.reverses_id = p_original.id LIMIT 1;
END
$$;

CREATE OR REPLACE FUNCTION timebank.append_with_clawback(
  p_now timestamptz, p_row timebank.transfer, p_available bigint, p_clawback_account_id bigint
) RETURNS timebank.transfer
LANGUAGE plpgsql AS $$
DECLARE
  owed timebank.transfer := timebank.name_accounts(p_row, p_clawback_account_id, p_row.credit_account_id);
  given timebank.transfer := p_row;
BEGIN
  IF p_available = 0 THEN
    RETURN timebank.append_transfer(p_now, owed);
  END IF;
  given.coin_minutes := p_available;
  given := timebank.append_transfer(p_now, given);
  IF given.id IS NOT NULL THEN
    owed.part_of_id := given.id;
    owed.key := p_row.key || '#clawback';
    owed.coin_minutes := p_row.coin_minutes - p_available;
    owed.service_minutes := 0;
    PERFORM timebank.append_part(p_now, owed);
  END IF;
  RETURN given;
END
$$;

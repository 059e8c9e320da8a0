-- Minutes between two banks of one deployment: two legs, one act, through clearing accounts capped both ways.
-- A clearing account's balance is what its bank owes that peer (below zero: what the peer owes it).

-- Half of an act between two banks cannot be written, posted or voided alone.
CREATE OR REPLACE FUNCTION timebank.refuse_one_leg(p_ledger bigint, p_key text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM timebank.refuse('TB018', 'minutes cross between banks with both legs or not at all',
    jsonb_build_object('ledger', p_ledger, 'key', p_key));
END
$$;

-- Two banks agree to honour each other's minutes up to a limit. Asking again changes nothing.
CREATE OR REPLACE FUNCTION timebank.link_banks(
  p_now timestamptz, p_ledger bigint, p_issuance_account_id bigint, p_peer_ledger bigint,
  p_peer_issuance_account_id bigint, p_most_minutes bigint
) RETURNS SETOF timebank.correspondent
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ledgers bigint[] := ARRAY[least(p_ledger, p_peer_ledger), greatest(p_ledger, p_peer_ledger)];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('timebank.link', ledgers[1]));
  PERFORM pg_advisory_xact_lock_shared(timebank.ledger_lock_number(ledgers[1]));
  PERFORM pg_advisory_xact_lock_shared(timebank.ledger_lock_number(ledgers[2]));
  IF NOT EXISTS (SELECT 1 FROM timebank.correspondent WHERE ledger = p_ledger AND peer_ledger = p_peer_ledger) THEN
    INSERT INTO timebank.correspondent
      (ledger, peer_ledger, account_id, kind, issuance_account_id, issuance_kind, opened_at)
    SELECT n.own, n.other, timebank.open_account(p_now, n.own, 'clearing', -p_most_minutes, p_most_minutes,
      'clearing with ' || n.other), 'clearing', n.issuance, 'issuance', p_now
    FROM (VALUES (p_ledger, p_peer_ledger, p_issuance_account_id),
      (p_peer_ledger, p_ledger, p_peer_issuance_account_id)) AS n(own, other, issuance);
  END IF;
  RETURN QUERY SELECT * FROM timebank.correspondent WHERE (ledger, peer_ledger) IN
    ((p_ledger, p_peer_ledger), (p_peer_ledger, p_ledger)) ORDER BY ledger = p_ledger DESC;
END
$$;

-- Write both legs; the caller holds every lock. NULL: the key was taken a moment ago.
CREATE OR REPLACE FUNCTION timebank.append_legs(
  p_now timestamptz, p_purpose text, p_out timebank.transfer, p_in timebank.transfer
) RETURNS timebank.clearing_act
LANGUAGE plpgsql AS $$
DECLARE
  gone timebank.transfer := timebank.append_transfer(p_now, p_out);
  come timebank.transfer := p_in;
  act timebank.clearing_act;
BEGIN
  IF gone.id IS NULL THEN
    RETURN NULL;
  END IF;
  come := timebank.append_transfer(p_now, p_in);
  IF come.id IS NULL THEN
    PERFORM timebank.refuse('TB003', 'this key was used for another request',
      jsonb_build_object('ledger', p_in.ledger, 'key', p_in.key));
  END IF;
  act.from_ledger := gone.ledger;
  act.key := gone.key;
  act.to_ledger := come.ledger;
  act.purpose := p_purpose;
  act.minutes := gone.coin_minutes;
  act.out_transfer_id := gone.id;
  act.in_transfer_id := come.id;
  act.recorded_at := greatest(gone.recorded_at, come.recorded_at);
  INSERT INTO timebank.clearing_act SELECT (act).*;
  RETURN act;
END
$$;

-- Both banks (shared) and all accounts of an act, each kind in sorted order.
CREATE OR REPLACE FUNCTION timebank.lock_banks(p_ledgers bigint[], p_account_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(timebank.ledger_lock_number(l.ledger)) FROM (
    SELECT DISTINCT unnest(p_ledgers) AS ledger ORDER BY 1) AS l;
  PERFORM 1 FROM timebank.balance WHERE account_id = ANY (p_account_ids) ORDER BY account_id FOR NO KEY UPDATE;
END
$$;

CREATE OR REPLACE FUNCTION timebank.send_between(
  p_now timestamptz, p_from_ledger bigint, p_to_ledger bigint, p_key text, p_debit_account_id bigint,
  p_credit_account_id bigint, p_coin_minutes bigint, p_service_minutes bigint DEFAULT NULL,
  p_pending boolean DEFAULT false, p_event_at timestamptz DEFAULT NULL, p_subject_type text DEFAULT NULL,
  p_subject_id text DEFAULT NULL, p_rule_version text DEFAULT NULL
) RETURNS timebank.clearing_act
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ours bigint;
  theirs bigint;
  t timebank.transfer;
  come timebank.transfer;
  act timebank.clearing_act;
BEGIN
  t.request_hash := sha256(convert_to(jsonb_build_array('between', p_to_ledger, p_debit_account_id,
    p_credit_account_id, p_coin_minutes, p_service_minutes, p_pending, timebank.microseconds(p_event_at),
    p_subject_type, p_subject_id, p_rule_version)::text, 'UTF8'));
  SELECT account_id INTO ours FROM timebank.correspondent WHERE ledger = p_from_ledger AND peer_ledger = p_to_ledger;
  SELECT account_id INTO theirs FROM timebank.correspondent WHERE ledger = p_to_ledger AND peer_ledger = p_from_ledger;
  IF ours IS NULL OR theirs IS NULL THEN
    PERFORM timebank.refuse('TB017', 'these banks do not honour each other',
      jsonb_build_object('from_ledger', p_from_ledger, 'to_ledger', p_to_ledger));
  END IF;
  PERFORM timebank.lock_banks(ARRAY[p_from_ledger, p_to_ledger],
    ARRAY[p_debit_account_id, ours, theirs, p_credit_account_id]);
  IF (timebank.find_by_key(p_from_ledger, p_key, t.request_hash)).id IS NULL THEN
    t.ledger := p_from_ledger;
    t := timebank.name_accounts(t, p_debit_account_id, ours);
    t.phase := CASE WHEN p_pending THEN 'pending' ELSE 'single' END;
    t.key := p_key;
    t.entry_type := 'clearing';
    t.coin_minutes := p_coin_minutes;
    t.service_minutes := coalesce(p_service_minutes, p_coin_minutes);
    t.rule_version := p_rule_version;
    t.event_at := p_event_at;
    come := t;
    come.ledger := p_to_ledger;
    come := timebank.name_accounts(come, theirs, p_credit_account_id);
    come.key := p_from_ledger || ':' || p_key;
    t.subject_type := p_subject_type;
    t.subject_id := p_subject_id;
    act := timebank.append_legs(p_now, 'send', t, come);
  END IF;
  IF act.key IS NULL AND (timebank.find_by_key(p_from_ledger, p_key, t.request_hash)).id IS NOT NULL THEN
    SELECT * INTO act FROM timebank.clearing_act WHERE from_ledger = p_from_ledger AND key = p_key;
  END IF;
  RETURN act;
END
$$;

-- Post or void both legs of a pending act: once, and together.
CREATE OR REPLACE FUNCTION timebank.resolve_between(
  p_now timestamptz, p_from_ledger bigint, p_act_key text, p_outcome text, p_key text
) RETURNS timebank.clearing_act
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  act timebank.clearing_act;
  gone timebank.transfer;
  come timebank.transfer;
  made timebank.transfer;
  request bytea;
BEGIN
  SELECT * INTO act FROM timebank.clearing_act WHERE from_ledger = p_from_ledger AND key = p_act_key;
  SELECT * INTO gone FROM timebank.transfer WHERE id = act.out_transfer_id;
  SELECT * INTO come FROM timebank.transfer WHERE id = act.in_transfer_id;
  IF act.key IS NULL THEN
    PERFORM timebank.refuse('TB009', 'no such act', jsonb_build_object('from_ledger', p_from_ledger, 'key', p_act_key));
  ELSIF gone.phase <> 'pending' THEN
    PERFORM timebank.refuse('TB008', 'this act is not pending',
      jsonb_build_object('transfer_id', gone.id, 'phase', gone.phase));
  ELSIF p_outcome IS NULL OR p_outcome NOT IN ('post', 'void') THEN
    PERFORM timebank.refuse('TB012', 'post or void', jsonb_build_object('outcome', p_outcome));
  END IF;
  request := sha256(convert_to(jsonb_build_array('resolve between', gone.id, p_outcome)::text, 'UTF8'));
  PERFORM timebank.lock_banks(ARRAY[act.from_ledger, act.to_ledger], ARRAY[gone.debit_account_id,
    gone.credit_account_id, come.debit_account_id, come.credit_account_id]);
  IF (timebank.find_by_key(act.from_ledger, p_key, request)).id IS NOT NULL THEN
    RETURN act;
  END IF;
  PERFORM timebank.refuse('TB004', 'already resolved',
      jsonb_build_object('pending_id', gone.id, 'outcome', t.phase, 'resolved_by', t.id))
    FROM timebank.transfer AS t WHERE t.pending_id = gone.id;
  made := timebank.append_transfer(p_now, timebank.resolution_of(gone, p_outcome, p_key, request, NULL));
  IF made.id IS NULL THEN
    PERFORM timebank.find_by_key(act.from_ledger, p_key, request);
  ELSE
    PERFORM timebank.append_part(p_now, timebank.resolution_of(come, p_outcome,
      act.from_ledger || ':' || p_key, request, NULL));
  END IF;
  RETURN act;
END
$$;

-- Settle: what one bank owes another leaves its clearing account into issuance, and the other bank issues it.
-- Both directions have netted in the account already. One settlement a pair and key; asking again adds nothing.
CREATE OR REPLACE FUNCTION timebank.settle_banks(p_now timestamptz, p_key text) RETURNS SETOF timebank.clearing_act
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  r record;
  t timebank.transfer;
  come timebank.transfer;
BEGIN
  PERFORM timebank.lock_banks(array_agg(ledger), array_agg(account_id)) FROM timebank.correspondent;
  FOR r IN SELECT own.ledger, own.account_id, own.issuance_account_id, peer.ledger AS peer_ledger,
      peer.account_id AS peer_account_id, peer.issuance_account_id AS peer_issuance_account_id,
      least(b.posted, b.posted - b.pending_out - b.floor_minutes, p.cap_minutes - p.posted - p.pending_in) AS minutes
    FROM timebank.correspondent AS own
    JOIN timebank.correspondent AS peer ON peer.ledger = own.peer_ledger AND peer.peer_ledger = own.ledger
    JOIN timebank.balance AS b ON b.account_id = own.account_id
    JOIN timebank.balance AS p ON p.account_id = peer.account_id
    WHERE b.posted > 0 ORDER BY own.ledger, peer.ledger LOOP
    t := NULL;
    t.request_hash := sha256(convert_to(jsonb_build_array('settle', r.peer_ledger)::text, 'UTF8'));
    t.key := 'settle:' || r.peer_ledger || ':' || p_key;
    CONTINUE WHEN r.minutes <= 0 OR (timebank.find_by_key(r.ledger, t.key, t.request_hash)).id IS NOT NULL;
    t.ledger := r.ledger;
    t := timebank.name_accounts(t, r.account_id, r.issuance_account_id);
    t.phase := 'single';
    t.entry_type := 'clearing';
    t.coin_minutes := r.minutes;
    t.service_minutes := 0;
    come := t;
    come.ledger := r.peer_ledger;
    come := timebank.name_accounts(come, r.peer_issuance_account_id, r.peer_account_id);
    come.key := r.ledger || ':' || t.key;
    RETURN NEXT timebank.append_legs(p_now, 'settle', t, come);
  END LOOP;
END
$$;

-- Who owes whom: one row a pair and direction; minutes above zero are what `ledger` owes `peer_ledger`.
CREATE OR REPLACE FUNCTION timebank.read_clearing(p_ledger bigint DEFAULT NULL)
RETURNS TABLE (ledger bigint, peer_ledger bigint, account_id bigint, owed_minutes bigint, held_out_minutes bigint,
  held_in_minutes bigint, most_minutes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.ledger, c.peer_ledger, c.account_id, b.posted, b.pending_out, b.pending_in, b.cap_minutes
  FROM timebank.correspondent AS c JOIN timebank.balance AS b ON b.account_id = c.account_id
  WHERE p_ledger IS NULL OR c.ledger = p_ledger ORDER BY c.ledger, c.peer_ledger
$$;

-- The acts of a bank with others, newest first: what crossed and what was settled.
CREATE OR REPLACE FUNCTION timebank.read_clearing_acts(p_ledger bigint, p_limit integer DEFAULT 100)
RETURNS SETOF timebank.clearing_act
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM timebank.clearing_act WHERE p_ledger IN (from_ledger, to_ledger)
  ORDER BY recorded_at DESC, out_transfer_id DESC LIMIT least(p_limit, 1000)
$$;

-- Many transfers in one act: one sorted lock, one pass in memory, one INSERT, one UPDATE of balances, one of days.

-- Linked transfers: all or none. One JSON object a transfer, its members named as the arguments of
-- record_transfer without p_. What is written is what record_transfer, called one by one, would have written.
CREATE OR REPLACE FUNCTION timebank.record_transfers(p_now timestamptz, p_requests jsonb)
RETURNS SETOF timebank.transfer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  again boolean := false;
  broken text;
  answers bigint[];
BEGIN
  LOOP
    BEGIN
      answers := timebank.write_batch(p_now, p_requests);
      RETURN QUERY SELECT t.* FROM unnest(answers) WITH ORDINALITY AS made(id, place)
        CROSS JOIN LATERAL (SELECT * FROM timebank.transfer AS x WHERE x.id = made.id) AS t ORDER BY made.place;
      RETURN;
    EXCEPTION WHEN unique_violation THEN
      GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
      -- somebody else took one of the keys a moment ago: it is visible now
      IF again OR broken <> 'transfer_ledger_key_key' THEN
        RAISE;
      END IF;
      again := true;
    END;
  END LOOP;
END
$$;

DROP FUNCTION IF EXISTS timebank.write_one_by_one(timestamptz, jsonb);
-- Give the number of each request's transfer, in order. Joins go by index: a plan made while the books were
-- empty must not read all of them a year later.
CREATE OR REPLACE FUNCTION timebank.write_batch(p_now timestamptz, p_requests jsonb) RETURNS bigint[]
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  ids bigint[];
  floors bigint[];
  caps bigint[];
  daily bigint[];
  owned bigint[];
  going bigint[];
  coming bigint[];
  seqs bigint[];
  hashes bytea[];
  ats timestamptz[];
  day_names text[];
  day_before bigint[];
  day_minutes bigint[];
  r record;
  t timebank.transfer;
  made timebank.transfer[] := ARRAY[]::timebank.transfer[];
  answers bigint[] := ARRAY[]::bigint[];
  room bigint;
  d integer;
  c integer;
  k integer;
  content bytea;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(timebank.ledger_lock_number(l.ledger)) FROM (
    SELECT DISTINCT (x ->> 'ledger')::bigint AS ledger FROM jsonb_array_elements(p_requests) AS x ORDER BY 1) AS l;
  SELECT array_agg(b.account_id), array_agg(b.floor_minutes), array_agg(b.cap_minutes),
    array_agg(b.daily_cap_minutes), array_agg(b.posted), array_agg(b.pending_out), array_agg(b.pending_in),
    array_agg(b.last_seq), array_agg(b.last_hash), array_agg(b.last_recorded_at)
  INTO ids, floors, caps, daily, owned, going, coming, seqs, hashes, ats
  FROM (SELECT * FROM timebank.balance WHERE account_id = ANY (ARRAY(
      SELECT (x ->> side)::bigint FROM jsonb_array_elements(p_requests) AS x,
        unnest(ARRAY['debit_account_id', 'credit_account_id', 'overflow_account_id']) AS side))
    ORDER BY account_id FOR NO KEY UPDATE) AS b;
  IF array_remove(daily, NULL) <> '{}' THEN
    SELECT array_agg(n.name), array_agg(n.minutes) INTO day_names, day_before
      FROM timebank.days_of_requests(p_now, p_requests, ids, daily) AS n;
    day_minutes := day_before;
  END IF;
  FOR r IN SELECT * FROM timebank.read_requests(p_requests) ORDER BY place LOOP
    IF r.found_hash <> r.request_hash THEN
      PERFORM timebank.refuse('TB003', 'this key was used for another request',
        jsonb_build_object('ledger', r.ledger, 'key', r.key, 'transfer_id', r.found_id));
    ELSIF r.found_id IS NOT NULL OR r.first_place < r.place THEN
      answers := array_append(answers, coalesce(r.found_id, answers[r.first_place]));
      CONTINUE;
    END IF;
    PERFORM timebank.refuse_unwritable(r.ledger, r.key, r.entry_type, r.debit_account_id, r.debit_kind,
        r.credit_account_id, r.credit_kind, r.overflow_account_id, r.overflow_kind)
      WHERE r.entry_type = 'clearing' OR r.debit_kind IS NULL OR r.credit_kind IS NULL;
    d := array_position(ids, r.debit_account_id);
    c := array_position(ids, r.credit_account_id);
    k := CASE WHEN r.entry_type = 'earn' AND daily[c] IS NOT NULL
      THEN array_position(day_names, timebank.day_name(ids[c], coalesce(r.event_at, p_now))) END;
    room := CASE WHEN r.overflow_account_id IS NOT NULL
      THEN least(caps[c] - owned[c] - coming[c], daily[c] - day_minutes[k]) END;
    room := CASE WHEN room < 0 THEN 0 ELSE room END;
    t := NULL;
    t.ledger := r.ledger;
    t.phase := CASE WHEN r.pending THEN 'pending' ELSE 'single' END;
    t.debit_account_id := r.debit_account_id;
    t.debit_kind := r.debit_kind;
    t.credit_account_id := r.credit_account_id;
    t.credit_kind := r.credit_kind;
    t.entry_type := r.entry_type;
    t.coin_minutes := r.coin_minutes;
    t.service_minutes := coalesce(r.service_minutes, r.coin_minutes);
    t.rule_version := r.rule_version;
    t.key := r.key;
    t.request_hash := r.request_hash;
    t.event_at := coalesce(r.event_at, p_now);
    t.subject_type := r.subject_type;
    t.subject_id := r.subject_id;
    IF room < r.coin_minutes THEN
      PERFORM timebank.refuse_unwritable(r.ledger, r.key, r.entry_type, r.debit_account_id, r.debit_kind,
        r.credit_account_id, r.credit_kind, r.overflow_account_id, r.overflow_kind);
      IF room = 0 THEN
        c := array_position(ids, r.overflow_account_id);
        t.credit_account_id := r.overflow_account_id;
        t.credit_kind := r.overflow_kind;
        t.entry_type := 'overflow';
        room := NULL;
      ELSE
        t.coin_minutes := room;
      END IF;
    ELSE
      room := NULL;
    END IF;
    FOR part IN 1 .. CASE WHEN room IS NULL THEN 1 ELSE 2 END LOOP
      IF part = 2 THEN
        c := array_position(ids, r.overflow_account_id);
        t.part_of_id := t.id;
        t.credit_account_id := r.overflow_account_id;
        t.credit_kind := r.overflow_kind;
        t.entry_type := 'overflow';
        t.key := r.key || '#overflow';
        t.coin_minutes := r.coin_minutes - room;
        t.service_minutes := 0;
      END IF;
      IF owned[d] - going[d] - t.coin_minutes < floors[d] THEN
        PERFORM timebank.refuse('TB001', 'not enough minutes', jsonb_build_object('account_id', ids[d],
          'needed_minutes', t.coin_minutes, 'available_minutes', owned[d] - going[d] - floors[d]));
      ELSIF owned[c] + coming[c] + t.coin_minutes > caps[c] THEN
        PERFORM timebank.refuse('TB002', 'over the cap', jsonb_build_object('account_id', ids[c],
          'minutes', t.coin_minutes, 'room_minutes', caps[c] - owned[c] - coming[c]));
      END IF;
      t.recorded_at := greatest(p_now, ats[d], ats[c]);
      IF p_now < t.recorded_at - interval '5 minutes' THEN
        PERFORM timebank.refuse('TB007', 'the clock stepped back',
          jsonb_build_object('now', p_now, 'last_recorded_at', t.recorded_at));
      ELSIF r.closed_until > t.recorded_at THEN
        PERFORM timebank.refuse('TB006', 'the period is closed',
          jsonb_build_object('ledger', r.ledger, 'recorded_at', t.recorded_at));
      ELSIF t.entry_type = 'earn' AND daily[c] - day_minutes[k] < t.coin_minutes THEN
        PERFORM timebank.refuse('TB015', 'over the cap of the day', jsonb_build_object('account_id', ids[c],
          'minutes', t.coin_minutes, 'room_minutes', daily[c] - day_minutes[k],
          'day', timebank.civil_day(t.event_at)));
      ELSIF t.entry_type = 'earn' AND k IS NOT NULL THEN
        day_minutes[k] := day_minutes[k] + t.coin_minutes;
      END IF;
      t.id := nextval('timebank.transfer_id_seq');
      content := timebank.transfer_bytes(t);
      t.debit_seq := NULL;
      t.debit_hash := NULL;
      t.credit_seq := NULL;
      t.credit_hash := NULL;
      IF d IS NOT NULL THEN
        t.debit_seq := seqs[d] + 1;
        t.debit_hash := sha256(hashes[d] || content);
      END IF;
      IF c IS NOT NULL THEN
        t.credit_seq := seqs[c] + 1;
        t.credit_hash := sha256(hashes[c] || content);
      END IF;
      IF d IS NOT NULL THEN
        seqs[d] := t.debit_seq;
        hashes[d] := t.debit_hash;
        ats[d] := t.recorded_at;
        IF r.pending THEN
          going[d] := going[d] + t.coin_minutes;
        ELSE
          owned[d] := owned[d] - t.coin_minutes;
        END IF;
      END IF;
      IF c IS NOT NULL THEN
        seqs[c] := t.credit_seq;
        hashes[c] := t.credit_hash;
        ats[c] := t.recorded_at;
        IF r.pending THEN
          coming[c] := coming[c] + t.coin_minutes;
        ELSE
          owned[c] := owned[c] + t.coin_minutes;
        END IF;
      END IF;
      made := array_append(made, t);
      answers := CASE part WHEN 1 THEN array_append(answers, t.id) ELSE answers END;
    END LOOP;
  END LOOP;
  INSERT INTO timebank.transfer SELECT m.* FROM unnest(made) AS m;
  UPDATE timebank.balance AS b SET posted = n.posted, pending_out = n.going, pending_in = n.coming,
    last_seq = n.seq, last_hash = n.hash, last_recorded_at = n.at
  FROM unnest(ids, owned, going, coming, seqs, hashes, ats) AS n(id, posted, going, coming, seq, hash, at)
  WHERE b.account_id = n.id AND n.seq > b.last_seq;
  INSERT INTO timebank.earned_day (account_id, day, minutes, cap_minutes)
  SELECT split_part(n.name, ' ', 1)::bigint, split_part(n.name, ' ', 2)::date, n.minutes,
    daily[array_position(ids, split_part(n.name, ' ', 1)::bigint)]
  FROM unnest(day_names, day_before, day_minutes) AS n(name, before, minutes) WHERE n.minutes <> n.before
  ON CONFLICT (account_id, day) DO UPDATE SET minutes = EXCLUDED.minutes, cap_minutes = EXCLUDED.cap_minutes;
  RETURN answers;
END
$$;

-- The requests of a batch with what the books already know of them: kinds, the key's transfer, the close.
CREATE OR REPLACE FUNCTION timebank.read_requests(p_requests jsonb)
RETURNS TABLE (place bigint, ledger bigint, key text, debit_account_id bigint, debit_kind text,
  credit_account_id bigint, credit_kind text, overflow_account_id bigint, overflow_kind text, entry_type text,
  coin_minutes bigint, service_minutes bigint, pending boolean, event_at timestamptz, subject_type text,
  subject_id text, rule_version text, request_hash bytea, found_id bigint, found_hash bytea, first_place bigint,
  closed_until timestamptz)
LANGUAGE sql STABLE AS $$
  WITH asked AS (
    SELECT x.*, sha256(convert_to(jsonb_build_array('record', x.debit_account_id, x.credit_account_id,
      x.entry_type, x.coin_minutes, x.service_minutes, coalesce(x.pending, false),
      timebank.microseconds(x.event_at), x.subject_type, x.subject_id, x.rule_version,
      x.overflow_account_id)::text, 'UTF8')) AS request_hash
    FROM ROWS FROM (jsonb_to_recordset(p_requests) AS (
      ledger bigint, key text, debit_account_id bigint, credit_account_id bigint, entry_type text,
      coin_minutes bigint, service_minutes bigint, pending boolean, event_at timestamptz, subject_type text,
      subject_id text, rule_version text, overflow_account_id bigint)) WITH ORDINALITY AS x(
      ledger, key, debit_account_id, credit_account_id, entry_type, coin_minutes, service_minutes, pending,
      event_at, subject_type, subject_id, rule_version, overflow_account_id, place))
  SELECT q.place, q.ledger, q.key, q.debit_account_id, d.kind, q.credit_account_id, c.kind,
    q.overflow_account_id, o.kind, q.entry_type, q.coin_minutes, q.service_minutes, coalesce(q.pending, false),
    q.event_at, q.subject_type, q.subject_id, q.rule_version, q.request_hash, e.id,
    coalesce(e.request_hash, first_value(q.request_hash) OVER w), first_value(q.place) OVER w, p.closed_until
  FROM asked AS q
  LEFT JOIN timebank.account AS d ON d.id = q.debit_account_id AND d.ledger = q.ledger
  LEFT JOIN timebank.account AS c ON c.id = q.credit_account_id AND c.ledger = q.ledger
  LEFT JOIN timebank.account AS o ON o.id = q.overflow_account_id AND o.ledger = q.ledger
  LEFT JOIN timebank.transfer AS e ON e.ledger = q.ledger AND e.key = q.key
  LEFT JOIN (SELECT x.ledger, max(x.closed_until) AS closed_until FROM timebank.period_close AS x GROUP BY x.ledger)
    AS p ON p.ledger = q.ledger
  WINDOW w AS (PARTITION BY q.ledger, q.key ORDER BY q.place)
$$;

-- Say why this request cannot be written: its account, its pair, or half of an act between two banks.
CREATE OR REPLACE FUNCTION timebank.refuse_unwritable(
  p_ledger bigint, p_key text, p_entry_type text, p_debit bigint, p_debit_kind text, p_credit bigint,
  p_credit_kind text, p_overflow bigint, p_overflow_kind text
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF p_entry_type = 'clearing' THEN
    PERFORM timebank.refuse_one_leg(p_ledger, p_key);
  ELSIF p_debit_kind IS NULL OR p_credit_kind IS NULL OR (p_overflow IS NOT NULL AND p_overflow_kind IS NULL) THEN
    PERFORM timebank.refuse('TB005', 'no such account in this ledger', jsonb_build_object('ledger', p_ledger,
      'account_id', CASE WHEN p_debit_kind IS NULL THEN p_debit WHEN p_credit_kind IS NULL THEN p_credit
        ELSE p_overflow END));
  ELSIF p_debit = p_credit THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_not_to_self_check',
      MESSAGE = 'what one gives oneself cannot overflow either';
  ELSIF NOT EXISTS (SELECT 1 FROM timebank.entry_pair WHERE entry_type = p_entry_type
      AND debit_kind = p_debit_kind AND credit_kind = p_credit_kind) THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'transfer_pair_allowed_fkey',
      MESSAGE = 'what may not be given cannot overflow either';
  END IF;
END
$$;

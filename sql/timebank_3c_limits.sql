-- Days counted for those with a daily cap, and limits that change only by a decision that is written down.

CREATE OR REPLACE FUNCTION timebank.civil_day(p_at timestamptz) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT (p_at AT TIME ZONE 'Asia/Shanghai')::date
$$;

-- What an account earned for services of one civil day: held and posted, less what was voided or reversed.
CREATE OR REPLACE FUNCTION timebank.earned_on(p_account_id bigint, p_day date) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT (coalesce((SELECT sum(t.coin_minutes) FROM timebank.transfer AS t
    WHERE t.credit_account_id = p_account_id AND t.entry_type = 'earn' AND t.phase IN ('single', 'pending')
      AND timebank.civil_day(t.event_at) = p_day
      AND NOT EXISTS (SELECT 1 FROM timebank.transfer AS v WHERE v.pending_id = t.id AND v.phase = 'void')), 0)
  - coalesce((SELECT sum(r.coin_minutes) FROM timebank.transfer AS r
    JOIN timebank.transfer AS o ON o.id = r.reverses_id
    WHERE r.debit_account_id = p_account_id AND o.credit_account_id = p_account_id AND o.entry_type = 'earn'
      AND timebank.civil_day(o.event_at) = p_day), 0))::bigint
$$;

-- How much of a day is left; NULL when the account's days are not counted.
CREATE OR REPLACE FUNCTION timebank.day_room(p_account_id bigint, p_daily_cap_minutes bigint, p_at timestamptz)
RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN p_daily_cap_minutes IS NOT NULL THEN p_daily_cap_minutes - coalesce(
    (SELECT minutes FROM timebank.earned_day WHERE account_id = p_account_id AND day = timebank.civil_day(p_at)),
    timebank.earned_on(p_account_id, timebank.civil_day(p_at))) END
$$;

-- A day of somebody's, as the batch calls it.
CREATE OR REPLACE FUNCTION timebank.day_name(p_account_id bigint, p_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT p_account_id || ' ' || to_char(timebank.civil_day(p_at), 'YYYY-MM-DD')
$$;

-- The counted days a batch touches, and what was earned for each before it; the accounts' rows are locked.
CREATE OR REPLACE FUNCTION timebank.days_of_requests(
  p_now timestamptz, p_requests jsonb, p_account_ids bigint[], p_daily_caps bigint[]
) RETURNS TABLE (name text, minutes bigint)
LANGUAGE sql STABLE AS $$
  SELECT q.account_id || ' ' || to_char(q.day, 'YYYY-MM-DD'),
    coalesce(e.minutes, timebank.earned_on(q.account_id, q.day))
  FROM (
    SELECT DISTINCT n.account_id, timebank.civil_day(coalesce((x ->> 'event_at')::timestamptz, p_now)) AS day
    FROM jsonb_array_elements(p_requests) AS x
    JOIN unnest(p_account_ids, p_daily_caps) AS n(account_id, daily_cap_minutes)
      ON n.account_id = (x ->> 'credit_account_id')::bigint
    WHERE x ->> 'entry_type' = 'earn' AND n.daily_cap_minutes IS NOT NULL) AS q
  LEFT JOIN timebank.earned_day AS e ON e.account_id = q.account_id AND e.day = q.day
$$;

-- Count an entry before it is written. The account's row is locked, so nobody else counts the same day.
CREATE OR REPLACE FUNCTION timebank.count_day(t timebank.transfer, d timebank.balance, c timebank.balance)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  original timebank.transfer;
  room bigint;
BEGIN
  IF t.entry_type = 'earn' AND t.phase = 'void' AND c.daily_cap_minutes IS NOT NULL THEN
    UPDATE timebank.earned_day SET minutes = minutes - t.coin_minutes
      WHERE account_id = c.account_id AND day = timebank.civil_day(t.event_at);
  ELSIF t.entry_type = 'earn' AND t.phase IN ('single', 'pending') AND c.daily_cap_minutes IS NOT NULL THEN
    room := timebank.day_room(c.account_id, c.daily_cap_minutes, t.event_at);
    IF room < t.coin_minutes THEN
      PERFORM timebank.refuse('TB015', 'over the cap of the day', jsonb_build_object('account_id', c.account_id,
        'minutes', t.coin_minutes, 'room_minutes', room, 'day', timebank.civil_day(t.event_at)));
    END IF;
    UPDATE timebank.earned_day SET minutes = minutes + t.coin_minutes, cap_minutes = c.daily_cap_minutes
      WHERE account_id = c.account_id AND day = timebank.civil_day(t.event_at);
    IF NOT FOUND THEN  -- what she earned that day before her days were counted
      INSERT INTO timebank.earned_day (account_id, day, minutes, cap_minutes)
      VALUES (c.account_id, timebank.civil_day(t.event_at),
        timebank.earned_on(c.account_id, timebank.civil_day(t.event_at)) + t.coin_minutes, c.daily_cap_minutes);
    END IF;
  ELSIF t.entry_type = 'reversal' AND d.daily_cap_minutes IS NOT NULL THEN
    SELECT * INTO original FROM timebank.transfer WHERE id = t.reverses_id;
    UPDATE timebank.earned_day SET minutes = minutes - t.coin_minutes
      WHERE account_id = d.account_id AND day = timebank.civil_day(original.event_at)
        AND original.entry_type = 'earn' AND original.credit_account_id = d.account_id;
  END IF;
END
$$;

CREATE OR REPLACE FUNCTION timebank.limit_change_bytes(x timebank.limit_change) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT convert_to(jsonb_build_array(x.id, x.account_id, x.ledger, x.kind, x.floor_minutes, x.cap_minutes,
    x.daily_cap_minutes, x.after_seq, x.decided_by, x.reason, timebank.microseconds(x.recorded_at))::text, 'UTF8')
$$;

-- Give an open account other limits. NULL floor or cap: none. A daily cap once set can be raised, not removed,
-- so that every counted day stays counted (NULL keeps it).
CREATE OR REPLACE FUNCTION timebank.change_limits(
  p_now timestamptz, p_account_id bigint, p_floor_minutes bigint, p_cap_minutes bigint,
  p_daily_cap_minutes bigint, p_decided_by text, p_reason text
) RETURNS timebank.limit_change
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  a timebank.account;
  b timebank.balance;
  x timebank.limit_change;
BEGIN
  SELECT * INTO a FROM timebank.account WHERE id = p_account_id;
  IF a.id IS NULL THEN
    PERFORM timebank.refuse('TB005', 'no such account', jsonb_build_object('account_id', p_account_id));
  END IF;
  PERFORM timebank.lock_accounts(a.ledger, ARRAY[a.id]);
  SELECT * INTO b FROM timebank.balance WHERE account_id = a.id;
  IF b.account_id IS NULL THEN
    PERFORM timebank.refuse('TB012', 'an account without limits stays without',
      jsonb_build_object('account_id', a.id, 'kind', a.kind));
  ELSIF b.posted - b.pending_out < p_floor_minutes THEN
    PERFORM timebank.refuse('TB001', 'it holds less than that already', jsonb_build_object('account_id', a.id,
      'needed_minutes', p_floor_minutes, 'available_minutes', b.posted - b.pending_out));
  ELSIF b.posted + b.pending_in > p_cap_minutes THEN
    PERFORM timebank.refuse('TB002', 'it holds more than that already', jsonb_build_object('account_id', a.id,
      'minutes', b.posted + b.pending_in, 'room_minutes', p_cap_minutes));
  END IF;
  x.id := nextval('timebank.limit_change_id_seq');
  x.account_id := a.id;
  x.ledger := a.ledger;
  x.kind := a.kind;
  x.floor_minutes := p_floor_minutes;
  x.cap_minutes := p_cap_minutes;
  x.daily_cap_minutes := coalesce(p_daily_cap_minutes, b.daily_cap_minutes);
  x.after_seq := b.last_seq;
  x.decided_by := p_decided_by;
  x.reason := p_reason;
  x.recorded_at := greatest(p_now, b.last_recorded_at);
  x.hash := sha256(coalesce((SELECT l.hash FROM timebank.limit_change AS l WHERE l.account_id = a.id
    ORDER BY l.id DESC LIMIT 1), a.account_hash) || b.last_hash || timebank.limit_change_bytes(x));
  INSERT INTO timebank.limit_change SELECT (x).*;
  UPDATE timebank.balance SET floor_minutes = x.floor_minutes, cap_minutes = x.cap_minutes,
    daily_cap_minutes = x.daily_cap_minutes WHERE account_id = a.id;
  RETURN x;
END
$$;

CREATE OR REPLACE FUNCTION timebank.read_limit_changes(p_account_id bigint) RETURNS SETOF timebank.limit_change
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM timebank.limit_change WHERE account_id = p_account_id ORDER BY id
$$;

-- What was written stays written: for the application, for the functions' owner and for the tables' owner.
CREATE OR REPLACE FUNCTION timebank.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'TB020', TABLE = TG_TABLE_NAME,
    MESSAGE = 'timebank.' || TG_TABLE_NAME || ' is append-only, ' || TG_OP || ' refused';
END
$$;

DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY
    ARRAY['account', 'entry_pair', 'transfer', 'balance_snapshot', 'period_close', 'seal', 'limit_change',
      'correspondent', 'clearing_act'] LOOP
    EXECUTE 'CREATE OR REPLACE TRIGGER ' || guarded || '_append_only BEFORE UPDATE OR DELETE ON timebank.'
      || guarded || ' FOR EACH ROW EXECUTE FUNCTION timebank.refuse_change()';
    EXECUTE 'CREATE OR REPLACE TRIGGER ' || guarded || '_no_truncate BEFORE TRUNCATE ON timebank.'
      || guarded || ' FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change()';
  END LOOP;
END
$$;

-- A balance moves only forward along its chain, and never changes its owner.
CREATE OR REPLACE TRIGGER balance_no_delete BEFORE DELETE ON timebank.balance
  FOR EACH ROW EXECUTE FUNCTION timebank.refuse_change();
CREATE OR REPLACE TRIGGER balance_no_truncate BEFORE TRUNCATE ON timebank.balance
  FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();
DROP TRIGGER IF EXISTS balance_one_entry_forward ON timebank.balance;
CREATE OR REPLACE TRIGGER balance_only_forward BEFORE UPDATE ON timebank.balance
  FOR EACH ROW WHEN (
    NEW.account_id <> OLD.account_id
    OR NEW.last_recorded_at < OLD.last_recorded_at
    OR NEW.last_seq <= OLD.last_seq AND (NEW.last_seq, NEW.posted, NEW.pending_out, NEW.pending_in, NEW.last_hash,
      NEW.last_recorded_at) <> (OLD.last_seq, OLD.posted, OLD.pending_out, OLD.pending_in, OLD.last_hash,
      OLD.last_recorded_at))
  EXECUTE FUNCTION timebank.refuse_change();

-- Its limits are those of the last decision that was written down, or they stay.
CREATE OR REPLACE FUNCTION timebank.refuse_undecided_limits() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.floor_minutes, NEW.cap_minutes, NEW.daily_cap_minutes) IS DISTINCT FROM
    (SELECT (x.floor_minutes, x.cap_minutes, x.daily_cap_minutes) FROM timebank.limit_change AS x
     WHERE x.account_id = NEW.account_id ORDER BY x.id DESC LIMIT 1) THEN
    RAISE EXCEPTION USING ERRCODE = 'TB020', TABLE = TG_TABLE_NAME,
      MESSAGE = 'limits change by a decision that is written down, ' || TG_OP || ' refused';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER balance_limits_as_decided
  BEFORE UPDATE OF floor_minutes, cap_minutes, daily_cap_minutes ON timebank.balance
  FOR EACH ROW WHEN (
    NEW.floor_minutes IS DISTINCT FROM OLD.floor_minutes
    OR NEW.cap_minutes IS DISTINCT FROM OLD.cap_minutes
    OR NEW.daily_cap_minutes IS DISTINCT FROM OLD.daily_cap_minutes)
  EXECUTE FUNCTION timebank.refuse_undecided_limits();

-- A day's count belongs to its account and its day, and is never thrown away.
CREATE OR REPLACE TRIGGER earned_day_no_delete BEFORE DELETE ON timebank.earned_day
  FOR EACH ROW EXECUTE FUNCTION timebank.refuse_change();
CREATE OR REPLACE TRIGGER earned_day_no_truncate BEFORE TRUNCATE ON timebank.earned_day
  FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();
CREATE OR REPLACE TRIGGER earned_day_stays BEFORE UPDATE ON timebank.earned_day
  FOR EACH ROW WHEN (NEW.account_id <> OLD.account_id OR NEW.day <> OLD.day)
  EXECUTE FUNCTION timebank.refuse_change();

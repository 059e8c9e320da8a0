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
    ARRAY['account', 'entry_pair', 'transfer', 'balance_snapshot', 'period_close', 'seal'] LOOP
    EXECUTE 'CREATE OR REPLACE TRIGGER ' || guarded || '_append_only BEFORE UPDATE OR DELETE ON timebank.'
      || guarded || ' FOR EACH ROW EXECUTE FUNCTION timebank.refuse_change()';
    EXECUTE 'CREATE OR REPLACE TRIGGER ' || guarded || '_no_truncate BEFORE TRUNCATE ON timebank.'
      || guarded || ' FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change()';
  END LOOP;
END
$$;

-- A balance moves only forward, one entry of its chain at a time, and never changes its owner or its limits.
CREATE OR REPLACE TRIGGER balance_no_delete BEFORE DELETE ON timebank.balance
  FOR EACH ROW EXECUTE FUNCTION timebank.refuse_change();
CREATE OR REPLACE TRIGGER balance_no_truncate BEFORE TRUNCATE ON timebank.balance
  FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();
CREATE OR REPLACE TRIGGER balance_one_entry_forward BEFORE UPDATE ON timebank.balance
  FOR EACH ROW WHEN (
    NEW.account_id <> OLD.account_id
    OR NEW.last_seq <> OLD.last_seq + 1
    OR NEW.last_recorded_at < OLD.last_recorded_at
    OR NEW.floor_minutes IS DISTINCT FROM OLD.floor_minutes
    OR NEW.cap_minutes IS DISTINCT FROM OLD.cap_minutes)
  EXECUTE FUNCTION timebank.refuse_change();

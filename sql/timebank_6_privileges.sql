-- Who may do what: the application and the jobs may call the writer and the reads; nobody may type rows.
DO $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
    WHERE c.relnamespace = 'timebank'::regnamespace AND c.relkind IN ('r', 'v') LOOP
    EXECUTE 'ALTER TABLE ' || r.name || ' OWNER TO yinling_owner';
    EXECUTE 'REVOKE ALL ON ' || r.name || ' FROM PUBLIC, yinling_app, yinling_jobs, yinling_definer';
    EXECUTE 'GRANT SELECT ON ' || r.name || ' TO yinling_definer, yinling_jobs';
  END LOOP;
  FOR r IN SELECT p.oid::regprocedure AS name, p.prosecdef, p.proname FROM pg_proc AS p
    WHERE p.pronamespace = 'timebank'::regnamespace LOOP
    EXECUTE 'ALTER FUNCTION ' || r.name || ' OWNER TO yinling_definer';
    EXECUTE 'REVOKE ALL ON FUNCTION ' || r.name || ' FROM PUBLIC, yinling_app, yinling_jobs';
    IF r.prosecdef THEN
      EXECUTE 'GRANT EXECUTE ON FUNCTION ' || r.name || ' TO yinling_jobs';
      IF r.proname NOT IN ('close_period', 'take_snapshots', 'seal_ledger', 'change_limits', 'link_banks',
          'settle_banks') THEN
        EXECUTE 'GRANT EXECUTE ON FUNCTION ' || r.name || ' TO yinling_app';
      END IF;
    END IF;
  END LOOP;
END
$$;
REVOKE ALL ON SCHEMA timebank FROM PUBLIC;
GRANT USAGE ON SCHEMA timebank TO yinling_app, yinling_jobs, yinling_definer, yinling_owner;
GRANT INSERT ON timebank.account, timebank.transfer, timebank.balance, timebank.balance_snapshot,
  timebank.period_close, timebank.seal, timebank.earned_day, timebank.limit_change, timebank.correspondent,
  timebank.clearing_act TO yinling_definer;
GRANT UPDATE ON timebank.balance, timebank.earned_day TO yinling_definer;
GRANT USAGE, SELECT ON SEQUENCE timebank.account_id_seq, timebank.transfer_id_seq, timebank.limit_change_id_seq
  TO yinling_definer;
-- The auditor's recomputation runs with the jobs login and hashes with the writer's own text.
GRANT EXECUTE ON FUNCTION timebank.transfer_bytes(timebank.transfer), timebank.account_bytes(timebank.account),
  timebank.microseconds(timestamptz), timebank.seal_content(bigint, bigint, bytea, bigint, bigint, bigint),
  timebank.limit_change_bytes(timebank.limit_change), timebank.earned_on(bigint, date),
  timebank.civil_day(timestamptz) TO yinling_jobs;

-- What the two application logins may do at all; policies (300) then decide on which rows.
-- A job bound to an area borrows the request login's eyes: yinling_jobs may become yinling_app.
DO $$
BEGIN
  IF NOT pg_has_role('yinling_jobs', 'yinling_app', 'MEMBER') THEN
    GRANT yinling_app TO yinling_jobs;
  END IF;
END
$$;
ALTER ROLE yinling_jobs NOINHERIT;
GRANT USAGE ON SCHEMA public, geo TO yinling_app, yinling_jobs, yinling_definer;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public, geo TO yinling_app, yinling_jobs, yinling_definer;
GRANT DELETE ON ALL TABLES IN SCHEMA geo TO yinling_jobs;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, geo TO yinling_app, yinling_jobs, yinling_definer;

-- Written once, never changed.
REVOKE UPDATE, DELETE, TRUNCATE ON act, order_event, payment_event, visit_attempt, rating, unmet_need,
  message_delivery, city_pack_version FROM yinling_app, yinling_jobs;

-- Requests change no network, no rules, no area, no directory of providers, no bed counts and no fake carriers.
REVOKE INSERT, UPDATE ON ALL TABLES IN SCHEMA geo FROM yinling_app;
-- But an officer says where a gate stands, and takes it back; the streets follow by a job.
GRANT INSERT, UPDATE (removed_at, removed_by) ON geo.network_gate TO yinling_app;
REVOKE DELETE ON geo.network_gate FROM yinling_jobs;
REVOKE INSERT, UPDATE ON city, city_pack_version, area, national_street, provider, service_item, bed_snapshot,
  fake_parcel, fake_charge, ledger_check, demo_clock, alembic_version FROM yinling_app;
REVOKE SELECT ON fake_parcel, fake_charge FROM yinling_app;

-- A request may promise a job, and nothing else.
REVOKE SELECT, UPDATE ON outbox FROM yinling_app;
GRANT SELECT (id, key) ON outbox TO yinling_app;

-- Facts derived from the register are rebuilt by jobs.
DO $$
DECLARE
  derived text;
BEGIN
  FOREACH derived IN ARRAY ARRAY['reach', 'home_snap', 'elder_reach', 'facility_snap', 'reach_run'] LOOP
    IF to_regclass('public.' || derived) IS NOT NULL THEN
      EXECUTE format('REVOKE INSERT, UPDATE ON %I FROM yinling_app', derived);
      EXECUTE format('GRANT DELETE, TRUNCATE ON %I TO yinling_jobs', derived);
    END IF;
  END LOOP;
END
$$;

-- Platforms that are told of public changes (docs/open-data.md): kept by the administrator of their area, told by the house.

CREATE OR REPLACE FUNCTION administers(asked_area bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (
    SELECT FROM role_grant r,
      LATERAL (SELECT max(w) AS width FROM unnest(ARRAY[1, 1000, 1000000, 1000000000, 100000000000, 10000000000000]::bigint[]) AS w
               WHERE r.area_code % w = 0) AS a
    WHERE r.person_id = acting_person() AND r.role = 'administrator' AND r.revoked_at IS NULL
      AND asked_area - asked_area % a.width = r.area_code)
$$;
SELECT let_look_past('administers(bigint)');

-- A subscription is not another platform's tomorrow, an ended one never wakes, and a person's word moves its place only back.
CREATE OR REPLACE FUNCTION guard_webhook() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF OLD.state = 'ended' OR (OLD.url, OLD.platform, OLD.area_code, OLD.made_by, OLD.made_at)
     IS DISTINCT FROM (NEW.url, NEW.platform, NEW.area_code, NEW.made_by, NEW.made_at) OR NEW.turn < OLD.turn THEN
    RAISE EXCEPTION 'a subscription stays what it was made for'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'webhook_stays';
  END IF;
  IF acting_person() IS NOT NULL AND ROW(split_part(NEW.cursor, '.', 1)::numeric, split_part(NEW.cursor, '.', 2)::numeric)
     > ROW(split_part(OLD.cursor, '.', 1)::numeric, split_part(OLD.cursor, '.', 2)::numeric) THEN
    RAISE EXCEPTION 'only a delivery moves a cursor on'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'webhook_cursor_by_delivery_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER webhook_stays BEFORE UPDATE ON webhook FOR EACH ROW EXECUTE FUNCTION guard_webhook();

SELECT guard_rows('webhook', 'administers(area_code)', 'administers(area_code)');
SELECT guard_rows('webhook_try', 'administers(area_code)', NULL, 'SELECT');
SELECT write_once('webhook_try');
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON webhook_try FROM yinling_app;
REVOKE UPDATE, DELETE, TRUNCATE ON webhook_try FROM yinling_jobs;
REVOKE UPDATE, DELETE, TRUNCATE ON webhook FROM yinling_app;
GRANT UPDATE (state, cursor, batch_end, round, turn, failures, next_try_at, paused_because, secret_sealed,
              secret_before_sealed, secret_before_until, ended_at) ON webhook TO yinling_app;

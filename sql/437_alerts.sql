-- Alerts: rules are read by every office, changed by those of their area; alerts are written by the house and answered by
-- their area or by whoever has them in hand.
SELECT guard_rows('alert_rule', '(SELECT acting_lo()) IS NOT NULL');
SELECT guard_writing('alert_rule', '{office}', 'INSERT', 'UPDATE');
SELECT guard_rows('alert', '{office} OR in_charge_id = {me}');
REVOKE INSERT, UPDATE ON alert FROM yinling_app;
GRANT UPDATE (state, acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolution, history) ON alert TO yinling_app;
REVOKE UPDATE ON alert_rule FROM yinling_app;
GRANT UPDATE (ended_on) ON alert_rule TO yinling_app;

-- What was resolved stays resolved, in its words.
CREATE OR REPLACE FUNCTION guard_alert() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  RAISE EXCEPTION 'alert % is resolved', OLD.id
    USING ERRCODE = 'restrict_violation', CONSTRAINT = 'alert_resolved_once';
END
$$;
CREATE OR REPLACE TRIGGER alert_resolved_once BEFORE UPDATE ON alert
  FOR EACH ROW WHEN (OLD.state = 'resolved') EXECUTE FUNCTION guard_alert();

-- An order's life (docs/orders.md): which step may follow which, and which event says so. These rows are the one
-- table of allowed steps; services/orders/rules.py repeats them for refusals in good time, a test compares both.
-- 'new' is an order that is not written yet. Final states (confirmed, cancelled) are refused as a beginning.
WITH allowed (from_state, to_state, event_kind, what_happens) AS (VALUES
  ('new', 'placed', 'placed', 'the elder''s side wishes a service'),
  ('placed', 'offering', 'offered', 'a provider is asked'),
  ('placed', 'offering', 'awaiting_bureau', 'the bureau is asked to assign'),
  ('placed', 'offering', 'put_up_for_claim', 'the first provider who claims it has it'),
  ('placed', 'accepted', 'place_held', 'a place, bath or meal of a published capacity is hers at once'),
  ('placed', 'unfilled', 'unfilled', 'nobody can come'),
  ('placed', 'cancelled', 'cancelled', 'cancelled before anybody was asked'),
  ('offering', 'accepted', 'accepted', 'a provider accepts'),
  ('offering', 'unfilled', 'unfilled', 'nobody is left to ask'),
  ('offering', 'cancelled', 'cancelled', 'cancelled while a provider thinks'),
  ('unfilled', 'offering', 'offered', 'somebody can come after all'),
  ('unfilled', 'offering', 'awaiting_bureau', 'the bureau takes it up after all'),
  ('unfilled', 'offering', 'put_up_for_claim', 'put up for claim after all'),
  ('unfilled', 'cancelled', 'cancelled', 'cancelled while nobody can come'),
  ('accepted', 'assigned', 'assigned', 'a carer is promised'),
  ('accepted', 'offering', 'given_back', 'the provider gives it back; others are asked'),
  ('accepted', 'offering', 'rescheduled_anew', 'another time suits this provider not; others are asked'),
  ('accepted', 'unfilled', 'unfilled', 'given back, and nobody is left'),
  ('accepted', 'in_service', 'in_service', 'the elder came to the site'),
  ('accepted', 'cancelled', 'cancelled', 'cancelled before a carer was promised'),
  ('assigned', 'in_service', 'in_service', 'the carer checked in at the door'),
  ('assigned', 'accepted', 'unassigned', 'the promised carer cannot come'),
  ('assigned', 'offering', 'given_back', 'the provider gives it back; others are asked'),
  ('assigned', 'offering', 'rescheduled_anew', 'another time suits this provider not; others are asked'),
  ('assigned', 'cancelled', 'cancelled', 'cancelled, or nobody came'),
  ('in_service', 'served', 'served', 'the carer checked out'),
  ('in_service', 'cancelled', 'cancelled', 'the office ends it: nothing was done'),
  ('served', 'confirmed', 'confirmed', 'the elder''s side confirms')
), gone AS (
  DELETE FROM order_step AS old WHERE NOT EXISTS (
    SELECT FROM allowed a
    WHERE (a.from_state, a.to_state, a.event_kind) = (old.from_state, old.to_state, old.event_kind))
)
INSERT INTO order_step SELECT * FROM allowed
ON CONFLICT (from_state, to_state, event_kind) DO UPDATE SET what_happens = EXCLUDED.what_happens;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON order_step FROM yinling_app, yinling_jobs;

-- An order moves along these steps only and never leaves a final state.
CREATE OR REPLACE FUNCTION guard_order_step() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF NEW.state <> OLD.state
     AND NOT EXISTS (SELECT FROM order_step WHERE from_state = OLD.state AND to_state = NEW.state) THEN
    RAISE EXCEPTION 'order % cannot go from % to %', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'check_violation', CONSTRAINT = 'care_order_step_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER care_order_step BEFORE UPDATE OF state ON care_order
  FOR EACH ROW EXECUTE FUNCTION guard_order_step();

-- The log is a walk along the same steps: each event is stamped with the state it leaves the order in, and an
-- event that is a step is refused where that step does not begin.
CREATE OR REPLACE FUNCTION stamp_order_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  before text;
  after text;
BEGIN
  SELECT state_after INTO before FROM order_event WHERE order_id = NEW.order_id ORDER BY id DESC LIMIT 1;
  before := COALESCE(before, 'new');
  SELECT to_state INTO after FROM order_step WHERE from_state = before AND event_kind = NEW.kind;
  IF after IS NULL AND (before = 'new' OR (
      EXISTS (SELECT FROM order_step WHERE event_kind = NEW.kind)
      AND NOT EXISTS (SELECT FROM order_step WHERE event_kind = NEW.kind AND to_state = before))) THEN
    RAISE EXCEPTION 'order %: % does not follow %', NEW.order_id, NEW.kind, before
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_event_step_check';
  END IF;
  NEW.state_after := COALESCE(after, before);
  RETURN NEW;
END
$$;
ALTER FUNCTION stamp_order_event() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER order_event_step BEFORE INSERT ON order_event
  FOR EACH ROW EXECUTE FUNCTION stamp_order_event();

-- At the end of every act an order stands where its log says: no step without its event, no event without its step.
CREATE OR REPLACE FUNCTION guard_order_log() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  asked constant bigint := COALESCE(to_jsonb(NEW) ->> 'order_id', to_jsonb(NEW) ->> 'id')::bigint;
  stands text;
  logged text;
BEGIN
  SELECT state INTO stands FROM care_order WHERE id = asked;
  SELECT state_after INTO logged FROM order_event WHERE order_id = asked ORDER BY id DESC LIMIT 1;
  IF stands IS DISTINCT FROM logged THEN
    RAISE EXCEPTION 'order % stands at %, its log says %', asked, stands, COALESCE(logged, 'nothing')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'care_order_stands_where_its_log_says_check';
  END IF;
  RETURN NULL;
END
$$;
ALTER FUNCTION guard_order_log() OWNER TO yinling_definer;
DROP TRIGGER IF EXISTS care_order_log ON care_order;
CREATE CONSTRAINT TRIGGER care_order_log AFTER INSERT OR UPDATE OF state ON care_order
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION guard_order_log();
DROP TRIGGER IF EXISTS order_event_log ON order_event;
CREATE CONSTRAINT TRIGGER order_event_log AFTER INSERT ON order_event
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.kind NOT IN ('declined', 'expired', 'reassigned', 'price_lowered', 'rated', 'rescheduled'))
  EXECUTE FUNCTION guard_order_log();

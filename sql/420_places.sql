-- Places that can be used up (day care, bath, meal). A slot is opened from its plan when it is first asked for; its
-- counter moves only with its bookings, and the CHECK place_slot_never_oversold_check refuses the one too many.
-- Requests and jobs may not write a slot at all.

CREATE OR REPLACE FUNCTION open_place_slot(asked_plan bigint, asked_start timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  plan place_plan;
  on_day constant date := (asked_start AT TIME ZONE 'Asia/Shanghai')::date;
  midnight constant timestamptz := on_day::timestamp AT TIME ZONE 'Asia/Shanghai';
  found bigint;
BEGIN
  SELECT id INTO found FROM place_slot WHERE plan_id = asked_plan AND starts_at = asked_start;
  IF found IS NOT NULL THEN
    RETURN found;
  END IF;
  SELECT * INTO plan FROM place_plan WHERE id = asked_plan;
  IF plan.id IS NULL OR asked_start <> midnight + make_interval(mins => plan.from_minute)
     OR on_day < plan.valid_from OR on_day > plan.valid_to
     OR NOT (cardinality(plan.weekdays) = 0 OR extract(isodow FROM on_day)::text = ANY (plan.weekdays)) THEN
    RETURN NULL;
  END IF;
  INSERT INTO place_slot (plan_id, provider_id, facility_id, service_code, kind, starts_at, ends_at, closes_at, capacity, taken)
  VALUES (plan.id, plan.provider_id, plan.facility_id, plan.service_code, plan.kind, asked_start,
          midnight + make_interval(mins => plan.to_minute),
          midnight - make_interval(days => plan.cut_off_days_before) + make_interval(mins => plan.cut_off_minute),
          plan.capacity, 0)
  ON CONFLICT (plan_id, starts_at) DO NOTHING RETURNING id INTO found;
  IF found IS NULL THEN  -- somebody else opened it meanwhile
    SELECT id INTO found FROM place_slot WHERE plan_id = asked_plan AND starts_at = asked_start;
  END IF;
  RETURN found;
END
$$;

-- The counter of a slot follows its bookings, whoever writes them.
CREATE OR REPLACE FUNCTION count_place_booking() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.slot_id, NEW.order_id) IS DISTINCT FROM (OLD.slot_id, OLD.order_id) THEN
    RAISE EXCEPTION 'a booking stays with its slot and its order'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'place_booking_stays_check';
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.state = 'released' AND NEW.state <> 'released' THEN
    RAISE EXCEPTION 'a released place is booked anew' USING ERRCODE = 'check_violation', CONSTRAINT = 'place_booking_stays_check';
  END IF;
  IF TG_OP = 'INSERT' AND NEW.state <> 'released' THEN
    UPDATE place_slot SET taken = taken + 1 WHERE id = NEW.slot_id;
  ELSIF TG_OP = 'UPDATE' AND OLD.state <> 'released' AND NEW.state = 'released' THEN
    UPDATE place_slot SET taken = taken - 1 WHERE id = NEW.slot_id;
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION open_place_slot(bigint, timestamptz) OWNER TO yinling_definer;
ALTER FUNCTION count_place_booking() OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION open_place_slot(bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION open_place_slot(bigint, timestamptz) TO yinling_app, yinling_jobs, yinling_definer;
CREATE OR REPLACE TRIGGER place_booking_count BEFORE INSERT OR UPDATE ON place_booking
  FOR EACH ROW EXECUTE FUNCTION count_place_booking();
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON place_slot FROM yinling_app, yinling_jobs;
REVOKE UPDATE, DELETE, TRUNCATE ON place_plan, place_booking, meal_dish FROM yinling_app;
GRANT UPDATE (state) ON place_booking TO yinling_app;
GRANT UPDATE (valid_to) ON place_plan TO yinling_app;
-- A dish that was published by mistake is taken off the menu by who published it.
GRANT DELETE ON meal_dish TO yinling_app;
DROP POLICY IF EXISTS meal_dish_taken_off_by_its_site ON meal_dish;
CREATE POLICY meal_dish_taken_off_by_its_site ON meal_dish AS RESTRICTIVE FOR DELETE TO yinling_app
  USING (provider_id = ANY ((SELECT linked_providers())::bigint[]));

-- Plans and menus are for everybody to read; a provider's dispatchers write their own.
SELECT guard_rows('place_plan', 'true', 'provider_id = {providers}');
SELECT guard_rows('meal_dish', 'true', 'provider_id = {providers}');
SELECT guard_rows('place_booking', '{office} OR elder_id = {elders} OR provider_id = {providers}');
SELECT guard_rows('elder_diet', '{office} OR elder_id = {elders}');

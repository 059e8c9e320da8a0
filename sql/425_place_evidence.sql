-- Proof that an elder was at her place, bath or meal: copied from its booking, once a day, and never the word of who is paid.

CREATE OR REPLACE FUNCTION guard_place_evidence() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  booking place_booking;
  slot place_slot;
BEGIN
  SELECT * INTO booking FROM place_booking WHERE id = NEW.booking_id;
  SELECT * INTO slot FROM place_slot WHERE id = booking.slot_id;
  NEW.order_id := booking.order_id;
  NEW.elder_id := booking.elder_id;
  NEW.area_code := booking.area_code;
  NEW.provider_id := booking.provider_id;
  NEW.on_day := (slot.starts_at AT TIME ZONE 'Asia/Shanghai')::date;
  IF booking.state = 'released' OR NEW.happened_at < slot.starts_at - interval '2 hours'
     OR NEW.happened_at > slot.ends_at + interval '2 hours' THEN
    RAISE EXCEPTION 'booking % is not used at %', NEW.booking_id, NEW.happened_at
      USING ERRCODE = 'check_violation', CONSTRAINT = 'place_evidence_while_it_is_given_check';
  END IF;
  IF (NEW.proof = 'hand_over_code') <> (slot.kind = 'meal_delivery') AND NEW.proof IN ('hand_over_code', 'elder_code', 'site_plate') THEN
    RAISE EXCEPTION '% does not prove a %', NEW.proof, slot.kind
      USING ERRCODE = 'check_violation', CONSTRAINT = 'place_evidence_fits_its_kind_check';
  END IF;
  IF NEW.proof IN ('attest', 'site_plate') AND EXISTS (
       SELECT FROM role_grant g WHERE g.person_id = NEW.recorded_by AND g.provider_id = booking.provider_id AND g.revoked_at IS NULL) THEN
    RAISE EXCEPTION 'who is paid for booking % does not attest it', NEW.booking_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'place_evidence_not_by_the_payee_check';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION guard_place_evidence() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER place_evidence_of_its_booking BEFORE INSERT ON place_evidence
  FOR EACH ROW EXECUTE FUNCTION guard_place_evidence();
SELECT write_once('place_evidence');
REVOKE UPDATE, DELETE, TRUNCATE ON place_evidence FROM yinling_app, yinling_jobs;
REVOKE UPDATE ON site_plate FROM yinling_app;
GRANT UPDATE (revoked_at) ON site_plate TO yinling_app;
GRANT UPDATE (code_sealed, code_tries) ON place_booking TO yinling_app;

SELECT guard_rows('place_evidence', '{office} OR elder_id = {elders} OR provider_id = {providers}');
SELECT guard_rows('site_plate', 'true', 'provider_id = {providers}');

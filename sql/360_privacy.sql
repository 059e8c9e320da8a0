-- Consent, readings in clear, positions, WeChat accounts, retention and erasure: held here, whoever writes the SQL.

-- Does somebody's newest word allow a purpose? A purpose of the service holds until she says no; a separate one only
-- after she said yes to a version that nothing newer asks again about.
CREATE OR REPLACE FUNCTION has_consent(asked_person bigint, asked_purpose text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT COALESCE(
    (SELECT CASE WHEN NOT said.given THEN false
                 WHEN said.version >= asked.since THEN true
                 ELSE asked.basis = 'service' END
     FROM consent said WHERE said.person_id = asked_person AND said.purpose = asked_purpose
     ORDER BY said.id DESC LIMIT 1),
    asked.basis = 'service')
  FROM (SELECT (array_agg(basis ORDER BY version DESC))[1] AS basis, max(version) FILTER (WHERE asks_again) AS since
        FROM consent_purpose WHERE code = asked_purpose HAVING count(*) > 0) AS asked
$$;

-- May the acting visitor know of this elder's health? Only on the day of her own visit, until she has left.
CREATE OR REPLACE FUNCTION visits_today(asked_elder bigint, at_moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (
    SELECT FROM visit WHERE elder_id = asked_elder AND visitor_id = acting_person() AND state IN ('planned', 'started')
      AND (planned_start AT TIME ZONE 'Asia/Shanghai')::date = (at_moment AT TIME ZONE 'Asia/Shanghai')::date)
$$;

-- Give one sealed field to somebody who may see the person, and write down that she had it: no text without the row.
-- NULL when there is nothing to read or nobody she may see. Health and the emergency phone leave by no other way.
CREATE OR REPLACE FUNCTION disclose(asked_person bigint, asked_field text, told_purpose text, told_reason text,
  told_right text, told_channel text, told_request text, told_role text, at_moment timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  house constant boolean := session_user = 'yinling_jobs' AND acting_person() IS NULL;
  glass constant boolean := COALESCE(asked_person = opened_elder(), false);
  found record;
BEGIN
  SELECT p.area_code, p.area_code BETWEEN acting_lo() AND acting_hi() AS office,
    CASE asked_field WHEN 'phone' THEN p.phone_sealed WHEN 'id_number' THEN p.id_number_sealed
      WHEN 'address' THEN p.address_sealed WHEN 'health' THEN e.health_sealed
      WHEN 'emergency_phone' THEN e.emergency_phone_sealed END AS sealed
  INTO found FROM person p LEFT JOIN elder e ON e.person_id = p.id WHERE p.id = asked_person;
  IF found.sealed IS NULL
     OR NOT (house OR glass OR COALESCE(found.office, false) OR asked_person = ANY (linked_people())) THEN
    RETURN NULL;
  END IF;
  IF asked_field IN ('health', 'emergency_phone')
     AND NOT (house OR glass OR COALESCE(found.office, false) OR asked_person = ANY (linked_elders())) THEN
    IF NOT visits_today(asked_person, at_moment) THEN
      RAISE EXCEPTION 'only who visits her today reads this'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disclosure_on_the_day_check';
    END IF;
    IF asked_field = 'health' AND NOT has_consent(asked_person, 'health_to_carers') THEN
      RAISE EXCEPTION 'she has not agreed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disclosure_consent_check';
    END IF;
  END IF;
  INSERT INTO disclosure (happened_at, reader_id, reader_role, person_id, area_code, field, purpose, reason, by_right,
                          channel, request_id)
  VALUES (at_moment, acting_person(), told_role, asked_person, found.area_code, asked_field, told_purpose, told_reason,
          told_right, told_channel, told_request);
  RETURN found.sealed;
END
$$;

-- Which of the two an elder's record holds, without giving either: a page shows that there is something to ask for.
CREATE OR REPLACE FUNCTION kept_of_elder(asked_elder bigint, OUT health boolean, OUT emergency_phone boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT e.health_sealed IS NOT NULL, e.emergency_phone_sealed IS NOT NULL FROM elder e WHERE e.person_id = asked_elder
    AND (e.area_code BETWEEN acting_lo() AND acting_hi() OR e.person_id = ANY (linked_people())
         OR e.person_id = opened_elder() OR (session_user = 'yinling_jobs' AND acting_person() IS NULL))
$$;

-- The person behind a WeChat account, before anybody is known.
CREATE OR REPLACE FUNCTION find_person_by_openid(asked_hash bytea, asked_app text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT a.person_id FROM wechat_account a JOIN person p ON p.id = a.person_id
  WHERE a.openid_hash = asked_hash AND a.app_id = asked_app AND a.unbound_at IS NULL AND p.died_on IS NULL
$$;

-- Her last WeChat account is unbound: what WeChat signed in is signed out, and no message goes there. Only after the
-- acting person unbound the last one, so it takes nothing that her unbinding has not taken already.
CREATE OR REPLACE FUNCTION end_wechat_access(asked_person bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  UPDATE sign_in_session SET revoked_at = now() WHERE person_id = asked_person AND label = '微信' AND revoked_at IS NULL
    AND NOT EXISTS (SELECT FROM wechat_account WHERE person_id = asked_person AND unbound_at IS NULL)
    AND EXISTS (SELECT FROM wechat_account WHERE person_id = asked_person AND unbound_by = acting_person());
  UPDATE wechat_subscriber SET unbound_at = now(), consents = 0, long_term = false WHERE person_id = asked_person
    AND unbound_at IS NULL AND NOT EXISTS (SELECT FROM wechat_account WHERE person_id = asked_person AND unbound_at IS NULL)
    AND EXISTS (SELECT FROM wechat_account WHERE person_id = asked_person AND unbound_by = acting_person())
$$;

-- Positions of a visitor: her own, of a visit that has begun, taken between its check-in and its check-out, with her consent.
CREATE OR REPLACE FUNCTION guard_visit_position() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  found visit;
BEGIN
  SELECT * INTO found FROM visit WHERE id = NEW.visit_id;
  IF found.visitor_id IS DISTINCT FROM NEW.visitor_id OR found.checked_in_at IS NULL
     OR NEW.taken_at < found.checked_in_at OR NEW.taken_at > COALESCE(found.checked_out_at, NEW.recorded_at)
     OR found.state NOT IN ('started', 'finished') THEN
    RAISE EXCEPTION 'a position outside of the visit'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'visit_position_between_check_in_and_out_check';
  END IF;
  IF NOT has_consent(NEW.visitor_id, 'visit_position') THEN
    RAISE EXCEPTION 'the visitor has not agreed'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'visit_position_consent_check';
  END IF;
  NEW.elder_id := found.elder_id;
  NEW.area_code := found.area_code;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER visit_position_between_check_in_and_out BEFORE INSERT OR UPDATE ON visit_position
  FOR EACH ROW EXECUTE FUNCTION guard_visit_position();

-- The same for the coordinates kept with check-in and check-out: none before she is at the door, none before she leaves.
CREATE OR REPLACE FUNCTION guard_visit_coordinates() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF (NEW.checked_in_at IS NULL AND NEW.check_in_facts ->> 'lon' IS NOT NULL)
     OR (NEW.checked_out_at IS NULL AND NEW.check_out_facts ->> 'lon' IS NOT NULL) THEN
    RAISE EXCEPTION 'a position outside of the visit'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'visit_position_between_check_in_and_out_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER visit_coordinates_in_the_visit
  BEFORE INSERT OR UPDATE OF checked_in_at, check_in_facts, checked_out_at, check_out_facts ON visit
  FOR EACH ROW EXECUTE FUNCTION guard_visit_coordinates();

-- What an elder said stays said; only its office moves with her.
CREATE OR REPLACE FUNCTION guard_consent() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF TG_OP = 'UPDATE' AND current_user = 'yinling_definer' AND to_jsonb(NEW) - 'area_code' = to_jsonb(OLD) - 'area_code' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'rows of consent are written once'
    USING ERRCODE = 'restrict_violation', CONSTRAINT = 'consent_append_only';
END
$$;
CREATE OR REPLACE TRIGGER consent_append_only BEFORE UPDATE OR DELETE ON consent
  FOR EACH ROW EXECUTE FUNCTION guard_consent();
CREATE OR REPLACE TRIGGER disclosure_append_only BEFORE UPDATE OR DELETE ON disclosure
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
DO $$
DECLARE
  once text;
BEGIN
  FOREACH once IN ARRAY ARRAY['consent', 'disclosure'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   once || '_no_truncate', once);
  END LOOP;
END
$$;

-- Whoever moves is seen by her new office: what stands now goes with her, what happened stays where it happened.
CREATE OR REPLACE FUNCTION rows_follow_the_person() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  rule record;
BEGIN
  FOR rule IN
    SELECT * FROM (VALUES
      ('proxy', 'elder_id', 'state <> ''revoked'''),
      ('visit_duty', 'elder_id', 'ended_on IS NULL'),
      ('entitlement', 'elder_id', 'upper(during) IS NULL OR upper(during) > (now() AT TIME ZONE ''Asia/Shanghai'')::date'),
      ('assessment', 'elder_id', 'state <> ''returned'' AND valid_until >= (now() AT TIME ZONE ''Asia/Shanghai'')::date'),
      ('attachment', 'elder_id', 'erased_at IS NULL'),
      ('binding_card', 'elder_id', 'used_at IS NULL'),
      ('door_plate', 'elder_id', 'revoked_at IS NULL'),
      ('carer_wish', 'elder_id', 'true'),
      ('elder_diet', 'elder_id', 'true'),
      ('elder_hours', 'elder_id', 'true'),
      ('consent', 'person_id', 'true'),
      ('wechat_account', 'person_id', 'unbound_at IS NULL'),
      ('erasure_request', 'person_id', 'state IN (''asked'', ''approved'')')
    ) AS r (following, whose, standing)
  LOOP
    EXECUTE format('UPDATE %I SET area_code = $1 WHERE %I = $2 AND area_code <> $1 AND (%s)',
                   rule.following, rule.whose, rule.standing) USING NEW.area_code, NEW.id;
  END LOOP;
  RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER person_takes_her_rows_along AFTER UPDATE OF area_code ON person
  FOR EACH ROW WHEN (OLD.area_code IS DISTINCT FROM NEW.area_code) EXECUTE FUNCTION rows_follow_the_person();

SELECT let_look_past('has_consent(bigint, text)', 'visits_today(bigint, timestamptz)', 'kept_of_elder(bigint)',
  'find_person_by_openid(bytea, text)', 'end_wechat_access(bigint)',
  'disclose(bigint, text, text, text, text, text, text, text, timestamptz)');
ALTER FUNCTION guard_visit_position() OWNER TO yinling_definer;
ALTER FUNCTION rows_follow_the_person() OWNER TO yinling_definer;

-- Who sees and writes the rows. Nobody writes a disclosure but the function above, which owns its own right to.
SELECT guard_rows('consent',
  '{office} OR person_id = {elders} OR person_id = {me}',
  'by_person_id = {me} AND ({office} OR person_id = {elders} OR person_id = {me})');
SELECT guard_rows('disclosure', '{office} OR person_id = {elders} OR person_id = {me} OR reader_id = {me}', 'false');
SELECT guard_rows('wechat_account',
  '{office} OR person_id = {elders} OR person_id = {me}',
  'person_id = {me} OR (({office} OR person_id = {elders}) AND unbound_at IS NOT NULL)');
SELECT guard_rows('visit_position', '{office} OR visitor_id = {me}', 'visitor_id = {me}');
SELECT guard_rows('erasure_request',
  '{office} OR person_id = {elders} OR person_id = {me}',
  '{office} OR ((person_id = {elders} OR person_id = {me}) AND state IN (''asked'', ''withdrawn''))');
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON disclosure FROM yinling_app, yinling_jobs;
REVOKE UPDATE, DELETE, TRUNCATE ON consent FROM yinling_app, yinling_jobs;
REVOKE INSERT, UPDATE ON consent_purpose, retention_rule, retention_run, fake_wechat_code FROM yinling_app;
REVOKE SELECT ON fake_wechat_code FROM yinling_app;
REVOKE UPDATE ON visit_position FROM yinling_app, yinling_jobs;
REVOKE UPDATE ON wechat_account FROM yinling_app;
GRANT UPDATE (unbound_at, unbound_by) ON wechat_account TO yinling_app;
REVOKE UPDATE ON erasure_request FROM yinling_app;
GRANT UPDATE (state, decision, decided_by, decided_at) ON erasure_request TO yinling_app;

-- Health and the emergency phone leave the register by disclose() alone: a request cannot even select the sealed text.
DO $$
DECLARE
  readable text;
BEGIN
  SELECT string_agg(quote_ident(attname), ', ') INTO readable FROM pg_attribute
    WHERE attrelid = 'elder'::regclass AND attnum > 0 AND NOT attisdropped
      AND attname NOT IN ('health_sealed', 'emergency_phone_sealed');
  REVOKE SELECT ON elder FROM yinling_app;
  EXECUTE 'GRANT SELECT (' || readable || ') ON elder TO yinling_app';
END
$$;

-- The month's clearing deletes what is past its period.
GRANT DELETE ON visit_position, sign_in_code, sign_in_session, wechat_account, wechat_subscriber, elder_diet, carer_wish,
  import_row TO yinling_jobs;

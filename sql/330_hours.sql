-- The purses of a city's time bank and the account behind a passport, for requests that may not read the ledger:
-- numbers only, by an exact question. And what a stranger may learn from the code on a paper: the seal, no person.
CREATE OR REPLACE FUNCTION hour_purse(p_ledger bigint, p_kind text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT min(id) FROM timebank.account WHERE ledger = p_ledger AND kind = p_kind
    AND kind IN ('issuance', 'pool', 'guarantee', 'clawback')
$$;

CREATE OR REPLACE FUNCTION hour_bank(p_account bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ SELECT ledger FROM timebank.account WHERE id = p_account $$;

-- What the ledger counted for services of one Shanghai day; for the house. (plpgsql: the ledger's functions come later.)
CREATE OR REPLACE FUNCTION hour_day_earned(p_account bigint, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  RETURN coalesce(
    (SELECT minutes FROM timebank.earned_day WHERE account_id = p_account AND day = timebank.civil_day(p_at)),
    timebank.earned_on(p_account, timebank.civil_day(p_at)));
END
$$;

CREATE OR REPLACE FUNCTION volunteer_by_passport(p_passport text)
RETURNS TABLE (person_id bigint, account_id bigint, ledger bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT v.person_id, p.timebank_account_id, a.ledger
  FROM volunteer v JOIN person p ON p.id = v.person_id JOIN timebank.account a ON a.id = p.timebank_account_id
  WHERE v.passport_number = p_passport AND v.left_on IS NULL AND p.died_on IS NULL AND acting_person() IS NOT NULL
$$;

-- What a volunteer really served between two moments, wherever the elders live: to herself and her community's office.
CREATE OR REPLACE FUNCTION hour_served(p_person bigint, p_from timestamptz, p_until timestamptz)
RETURNS TABLE (visits bigint, served_minutes bigint, honour_minutes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT count(*), coalesce(sum(s.service_minutes), 0)::bigint, coalesce(sum(s.honour_minutes), 0)::bigint
  FROM volunteer_session s
  WHERE s.volunteer_id = p_person AND s.state = 'posted' AND lower(s.during) >= p_from AND lower(s.during) < p_until
    AND (p_person = acting_person() OR EXISTS (SELECT 1 FROM volunteer v
      WHERE v.person_id = p_person AND v.area_code BETWEEN acting_lo() AND acting_hi()))
$$;

CREATE OR REPLACE FUNCTION check_paper(p_code text)
RETURNS TABLE (kind text, city_name_zh text, city_name_en text, from_day date, to_day date, issued_on date,
               minutes bigint, fingerprint text, head_hash text, in_chain boolean, seal_number bigint,
               seal_root text, sealed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT p.kind, c.name_zh, c.name_en, p.from_day, p.to_day, (p.issued_at AT TIME ZONE 'Asia/Shanghai')::date,
    p.minutes, p.fingerprint, p.head_hash,
    p.upto_transfer_id IS NULL OR EXISTS (
      SELECT 1 FROM timebank.transfer t WHERE t.id = p.upto_transfer_id
        AND p.head_hash IN (encode(t.debit_hash, 'hex'), encode(t.credit_hash, 'hex'))),
    s.seal_number, encode(s.root, 'hex'), s.recorded_at
  FROM hour_paper p LEFT JOIN city c ON c.code = p.city_code
  LEFT JOIN LATERAL (
    SELECT seal_number, root, recorded_at FROM timebank.seal
    WHERE ledger = hour_bank(p.account_id) AND upto_id >= coalesce(p.upto_transfer_id, 0) ORDER BY seal_number LIMIT 1) s ON true
  WHERE p.code = p_code
$$;

-- Whether an office's newcomer is known under the same papers, or by a phone of the same name without papers; no other
-- fact is given away, and to offices only.
CREATE OR REPLACE FUNCTION known_person(p_id_hash bytea, p_phone_hash bytea, p_name text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT p.id FROM person AS p
  WHERE p.full_name = p_name AND p.died_on IS NULL AND acting_lo() IS NOT NULL
    AND (p.id_number_hash = p_id_hash OR p.phone_hash = p_phone_hash AND p.id_number_hash IS NULL)
  ORDER BY p.id_number_hash IS NULL, p.id LIMIT 1
$$;

SELECT let_look_past('hour_purse(bigint, text)', 'hour_bank(bigint)', 'hour_day_earned(bigint, timestamptz)',
  'hour_served(bigint, timestamptz, timestamptz)', 'volunteer_by_passport(text)', 'check_paper(text)',
  'known_person(bytea, bytea, text)');
REVOKE EXECUTE ON FUNCTION hour_day_earned(bigint, timestamptz) FROM yinling_app;

-- No minor without her guardian, whoever types the row: under 18 on the day of registration she has a
-- guardian, who is of age herself. (A function, because the birthday stands with the person.)
CREATE OR REPLACE FUNCTION refuse_minor_alone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  born date := (SELECT born_on FROM person WHERE id = NEW.person_id);
  guardian_born date := (SELECT born_on FROM person WHERE id = NEW.guardian_id);
BEGIN
  IF NEW.guardian_id IS NULL AND born IS NOT NULL AND born > NEW.registered_on - interval '18 years' THEN
    RAISE EXCEPTION USING ERRCODE = '23514', TABLE = 'volunteer', CONSTRAINT = 'volunteer_minor_has_guardian_check',
      MESSAGE = 'a minor is no volunteer without her guardian';
  ELSIF guardian_born IS NOT NULL AND guardian_born > NEW.registered_on - interval '18 years' THEN
    RAISE EXCEPTION USING ERRCODE = '23514', TABLE = 'volunteer', CONSTRAINT = 'volunteer_guardian_of_age_check',
      MESSAGE = 'a guardian is of age';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION refuse_minor_alone() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER volunteer_minor_has_guardian
  BEFORE INSERT OR UPDATE OF person_id, registered_on, guardian_id ON volunteer
  FOR EACH ROW EXECUTE FUNCTION refuse_minor_alone();
-- Nor by a birthday put right later.
CREATE OR REPLACE FUNCTION refuse_birthday_of_minor_alone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF EXISTS (SELECT FROM volunteer AS v WHERE v.person_id = NEW.id AND v.guardian_id IS NULL AND v.left_on IS NULL
      AND NEW.born_on > v.registered_on - interval '18 years') THEN
    RAISE EXCEPTION USING ERRCODE = '23514', TABLE = 'volunteer', CONSTRAINT = 'volunteer_minor_has_guardian_check',
      MESSAGE = 'a minor is no volunteer without her guardian';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION refuse_birthday_of_minor_alone() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER person_birthday_of_minor_alone BEFORE UPDATE OF born_on ON person
  FOR EACH ROW WHEN (NEW.born_on IS DISTINCT FROM OLD.born_on) EXECUTE FUNCTION refuse_birthday_of_minor_alone();

-- Who sees which of the new rows; what moved and what was handed out is written once.
SELECT guard_rows('volunteer_group', '{office} OR contact_id = {me}');
SELECT guard_rows('member_hours', '{office} OR person_id = {me} OR group_id IN (SELECT id FROM volunteer_group)');
-- both offices see who goes and comes
SELECT guard_rows('hour_move',
  '{office} OR person_id = {me} OR to_area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi())');
SELECT guard_rows('elder_hours', '{office} OR elder_id = {elders}');
-- who took the need holds its hours towards her own bank
SELECT guard_rows('redemption',
  '{office} OR elder_id = {elders} OR payer_id = {me} OR need_id IN (SELECT id FROM need WHERE taken_by = {me})');
SELECT guard_rows('hour_movement', '{office} OR from_person_id = {me} OR to_person_id = {me} OR entered_by = {me}');
SELECT guard_rows('hour_paper', '{office} OR person_id = {me}');
GRANT SELECT, INSERT, UPDATE ON volunteer_group, member_hours, professional_hours, elder_hours, redemption, hour_movement,
  hour_move, hour_paper
  TO yinling_app, yinling_jobs, yinling_definer;
REVOKE UPDATE, DELETE, TRUNCATE ON hour_movement, hour_paper FROM yinling_app, yinling_jobs;

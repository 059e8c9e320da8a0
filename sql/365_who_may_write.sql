-- Seeing is not changing. The policies of sql/300 say which rows somebody sees; these say which of them she may write.
-- Restrictive policies where nobody else locks the row, triggers where others do (a lock asks the UPDATE policies too).

-- another's name, phone and home are her office's to change; her own row is guarded below
SELECT guard_writing('person', '{office} OR id = {me}', 'UPDATE');
-- a role is given by an administrator, or by the office of the person's area where it opens no desk;
-- the only role one may give oneself is the volunteer's
SELECT guard_writing('role_grant', '(SELECT is_administrator()) OR (person_id = {me} AND role = ''volunteer'')
  OR (role IN (''elder'', ''family'', ''volunteer'') AND EXISTS (SELECT FROM person p WHERE p.id = role_grant.person_id
      AND p.area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi())))', 'INSERT');
SELECT guard_writing('role_grant', '(SELECT is_administrator())', 'UPDATE');
-- a session is opened for the person who has just shown who she is, never for another
SELECT guard_writing('sign_in_session', 'person_id = {me}', 'INSERT');
-- skills and certificates are the provider's word, not the carer's own
SELECT guard_writing('carer', '{office} OR provider_id = {providers}', 'INSERT', 'UPDATE');
SELECT guard_writing('volunteer', '{office} OR person_id = {me}', 'INSERT');
SELECT guard_writing('bed_stay', '{office} OR provider_id = {providers}', 'INSERT', 'UPDATE');
SELECT guard_writing('assessment', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('entitlement', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('visit_duty', '{office}', 'INSERT', 'UPDATE');
-- a plate proves who stood at the door: the carer who scans it does not write it
SELECT guard_writing('door_plate', '{office} OR elder_id = {elders}', 'INSERT', 'UPDATE');
-- an offer, a promise or an unanswered door opens an elder's record to somebody: only those who may see her make one
SELECT guard_writing('offer', '{office}', 'INSERT');
SELECT guard_writing('assignment', '{office} OR provider_id = {providers}', 'INSERT');
SELECT guard_writing('assignment', '{office} OR provider_id = {providers} OR elder_id = {elders}', 'UPDATE');
SELECT guard_writing('escalation', '{office}', 'INSERT');
SELECT guard_writing('visit', '{office} OR visitor_id = {me}', 'INSERT');
SELECT guard_writing('visit_attempt', '{office} OR by_person_id = {me}', 'INSERT');

-- What a request never changes, whoever makes it: only these columns are open to it.
DO $$
DECLARE
  rule record;
BEGIN
  FOR rule IN
    SELECT * FROM (VALUES
      ('sign_in_session', 'revoked_at'),
      ('message', 'read_at'),
      ('proxy', 'state, confirmed_by, confirmed_channel, confirmed_at, revoked_by, revoked_at')
    ) AS r (guarded, open_columns)
  LOOP
    EXECUTE format('REVOKE UPDATE ON %I FROM yinling_app', rule.guarded);
    EXECUTE format('GRANT UPDATE (%s) ON %I TO yinling_app', rule.open_columns, rule.guarded);
  END LOOP;
END
$$;
REVOKE INSERT ON message FROM yinling_app;
REVOKE UPDATE ON binding_card, attachment FROM yinling_app;

-- Columns that stay as they are under a request. First argument: `always`; `office`: an office of
-- the row's area may; `own`: so may the person herself.
CREATE OR REPLACE FUNCTION keep_columns() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
DECLARE
  kept text;
  before constant jsonb := to_jsonb(OLD);
  after constant jsonb := to_jsonb(NEW);
BEGIN
  IF current_user <> 'yinling_app'
     OR (TG_ARGV[0] <> 'always' AND (before ->> 'area_code')::bigint BETWEEN acting_lo() AND acting_hi())
     OR (TG_ARGV[0] = 'own' AND (before ->> 'person_id')::bigint = acting_person()) THEN
    RETURN NEW;
  END IF;
  FOREACH kept IN ARRAY TG_ARGV[1:] LOOP
    IF before -> kept IS DISTINCT FROM after -> kept THEN
      RAISE EXCEPTION '% of % is not changed by this request', kept, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', CONSTRAINT = TG_TABLE_NAME || '_kept_columns';
    END IF;
  END LOOP;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER person_is_changed_by_her_office
  BEFORE UPDATE OF area_code, full_name, gender, born_on, phone_sealed, phone_hash, id_number_sealed, id_number_hash,
  address_sealed, home, home_original, invented, created_at, died_on, moved_out_on ON person
  FOR EACH ROW EXECUTE FUNCTION keep_columns('office', 'area_code', 'full_name', 'gender', 'born_on', 'phone_sealed', 'phone_hash', 'id_number_sealed',
  'id_number_hash', 'address_sealed', 'home', 'home_original', 'invented', 'created_at', 'died_on', 'moved_out_on');
CREATE OR REPLACE TRIGGER volunteer_is_trained_by_her_office
  BEFORE UPDATE OF person_id, area_code, trained_on, insured_until, passport_number, guardian_id ON volunteer
  FOR EACH ROW EXECUTE FUNCTION keep_columns('office', 'person_id', 'area_code', 'trained_on', 'insured_until', 'passport_number', 'guardian_id');
CREATE OR REPLACE TRIGGER volunteer_is_changed_by_herself
  BEFORE UPDATE OF display_name, interests, left_on ON volunteer
  FOR EACH ROW EXECUTE FUNCTION keep_columns('own', 'display_name', 'interests', 'left_on');
CREATE OR REPLACE TRIGGER care_order_stays_whose_it_is
  BEFORE UPDATE OF elder_id, area_code, order_number, placed_by, by_right, placed_at ON care_order
  FOR EACH ROW EXECUTE FUNCTION keep_columns('always', 'elder_id', 'area_code', 'order_number', 'placed_by', 'by_right', 'placed_at');
CREATE OR REPLACE TRIGGER visit_stays_whose_it_is
  BEFORE UPDATE OF elder_id, area_code, visitor_id, order_id, need_id ON visit
  FOR EACH ROW EXECUTE FUNCTION keep_columns('always', 'elder_id', 'area_code', 'visitor_id', 'order_id', 'need_id');
CREATE OR REPLACE TRIGGER need_stays_whose_it_is
  BEFORE UPDATE OF elder_id, area_code, posted_by, posted_at ON need
  FOR EACH ROW EXECUTE FUNCTION keep_columns('always', 'elder_id', 'area_code', 'posted_by', 'posted_at');
CREATE OR REPLACE TRIGGER payable_stays_what_it_is
  BEFORE UPDATE OF elder_id, area_code, subject_type, subject_id, amount_fen ON payable
  FOR EACH ROW EXECUTE FUNCTION keep_columns('always', 'elder_id', 'area_code', 'subject_type', 'subject_id', 'amount_fen');

-- Who stood at a door is written by who stood there, by her provider or by the office; not by the elder's side.
CREATE OR REPLACE FUNCTION guard_door_record() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF current_user <> 'yinling_app' OR OLD.visitor_id = acting_person()
     OR OLD.area_code BETWEEN acting_lo() AND acting_hi() OR OLD.order_id = ANY (linked_orders()) THEN
    RETURN NEW;
  END IF;
  IF (NEW.checked_in_at, NEW.check_in_proof, NEW.check_in_facts, NEW.checked_out_at, NEW.check_out_facts, NEW.tasks_done)
     IS DISTINCT FROM
     (OLD.checked_in_at, OLD.check_in_proof, OLD.check_in_facts, OLD.checked_out_at, OLD.check_out_facts, OLD.tasks_done) THEN
    RAISE EXCEPTION 'the record of the door is not hers to change'
      USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'visit_door_is_recorded_by_the_visitor';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER visit_door_is_recorded_by_the_visitor
  BEFORE UPDATE OF checked_in_at, check_in_proof, check_in_facts, checked_out_at, check_out_facts, tasks_done ON visit
  FOR EACH ROW EXECUTE FUNCTION guard_door_record();

-- A volunteer takes an open need for herself and gives it back; she takes none in another's name and alters none.
CREATE OR REPLACE FUNCTION guard_need() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF current_user <> 'yinling_app' OR OLD.area_code BETWEEN acting_lo() AND acting_hi()
     OR OLD.elder_id = ANY (linked_elders()) THEN
    RETURN NEW;
  END IF;
  IF acting_person() IS DISTINCT FROM COALESCE(NEW.taken_by, OLD.taken_by)
     OR (OLD.taken_by IS NOT NULL AND OLD.taken_by IS DISTINCT FROM acting_person())
     OR (NEW.kind, NEW.title, NEW.starts_at, NEW.ends_at, NEW.rough_place)
        IS DISTINCT FROM (OLD.kind, OLD.title, OLD.starts_at, OLD.ends_at, OLD.rough_place) THEN
    RAISE EXCEPTION 'a volunteer takes or gives back for herself'
      USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'need_is_taken_for_oneself';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER need_is_taken_for_oneself BEFORE UPDATE ON need
  FOR EACH ROW EXECUTE FUNCTION guard_need();

-- Beds (docs/beds.md): who sees which row, who may write it, and what the database holds whoever asks.

-- Beds, their papers and whose a home is are public facts; the office of the home's area writes them, and the home writes
-- its own beds without their papers.
SELECT guard_rows('bed', 'true');
SELECT guard_writing('bed', '{office} OR EXISTS (SELECT FROM facility f WHERE f.id = facility_id AND f.provider_id = {providers})', 'INSERT', 'UPDATE');
SELECT guard_rows('bed_care_level', 'true');
SELECT guard_writing('bed_care_level', '{office} OR EXISTS (SELECT FROM bed b JOIN facility f ON f.id = b.facility_id WHERE b.id = bed_id
  AND f.provider_id = {providers})', 'INSERT', 'UPDATE');
SELECT guard_rows('home_standing', 'true');
SELECT guard_writing('home_standing', '{office}', 'INSERT', 'UPDATE');
SELECT guard_rows('bed_certificate', 'true');
SELECT guard_writing('bed_certificate', '{office}', 'INSERT');
SELECT guard_rows('bed_flag_lapse', 'true');
SELECT guard_writing('bed_flag_lapse', '{office}', 'INSERT', 'UPDATE', 'DELETE');
GRANT DELETE ON bed_flag_lapse TO yinling_app, yinling_jobs;
REVOKE INSERT, UPDATE, DELETE ON bed_reading FROM yinling_app;

-- Reports: the home speaks as the home, the office as inspector; the office chooses.
SELECT guard_rows('bed_report', '{office} OR provider_id = {providers}');
SELECT guard_writing('bed_report', '{office} OR (source = ''home'' AND provider_id = {providers})', 'INSERT');
SELECT guard_rows('bed_official', '{office} OR provider_id = {providers}');
SELECT guard_writing('bed_official', '{office}', 'INSERT');
-- Written once: papers, reports and choices are not edited, a later one says otherwise.
SELECT write_once('bed_certificate', 'bed_report', 'bed_official');

-- Waiting: her side and her own office apply and answer, the home and its office offer.
SELECT guard_rows('bed_leave', '{office} OR elder_id = {elders} OR provider_id = {providers}');
SELECT guard_writing('bed_leave', '{office} OR provider_id = {providers}', 'INSERT', 'UPDATE');
SELECT guard_rows('bed_wait', '{office} OR elder_area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi())
  OR elder_id = {elders} OR provider_id = {providers}');
SELECT guard_writing('bed_wait', '{office} OR elder_area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi())
  OR elder_id = {elders}', 'INSERT');
SELECT guard_rows('bed_jump', '{office} OR provider_id = {providers}');
SELECT guard_writing('bed_jump', '{office}', 'UPDATE');
SELECT guard_rows('bed_offer', '{office} OR elder_area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi())
  OR elder_id = {elders} OR provider_id = {providers}');
SELECT guard_writing('bed_offer', '{office} OR provider_id = {providers}', 'INSERT');

-- What a home may not say of its own beds: the licence and the papers are the office's word.
CREATE OR REPLACE FUNCTION guard_bed_papers() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF current_user <> 'yinling_app' OR NEW.area_code BETWEEN acting_lo() AND acting_hi() THEN
    RETURN NEW;
  END IF;
  IF (TG_OP = 'INSERT' AND (NEW.nursing_from IS NOT NULL OR NEW.dementia OR NEW.basic_guarantee OR NEW.licensed_on IS NOT NULL))
     OR (TG_OP = 'UPDATE' AND (NEW.nursing_from, NEW.dementia, NEW.basic_guarantee, NEW.licensed_on, NEW.dementia_from,
                               NEW.basic_guarantee_from, NEW.area_code, NEW.facility_id)
         IS DISTINCT FROM (OLD.nursing_from, OLD.dementia, OLD.basic_guarantee, OLD.licensed_on, OLD.dementia_from,
                           OLD.basic_guarantee_from, OLD.area_code, OLD.facility_id)) THEN
    RAISE EXCEPTION 'papers of bed % are written by the office', NEW.label
      USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'bed_papers_are_the_offices';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER bed_papers_are_the_offices BEFORE INSERT OR UPDATE ON bed
  FOR EACH ROW EXECUTE FUNCTION guard_bed_papers();

-- Does an assessment of this elder hold on a day? (The home may not read it, only that it holds.)
CREATE OR REPLACE FUNCTION assessment_holds(asked bigint, asked_elder bigint, first_day date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (SELECT FROM assessment a WHERE a.id = asked AND a.elder_id = asked_elder AND a.state = 'signed'
                 AND first_day BETWEEN a.assessed_on AND a.valid_until)
$$;
-- The newest assessment of an elder that holds on a day, for who may give her a bed.
CREATE OR REPLACE FUNCTION holding_assessment(asked_elder bigint, on_day date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT a.id FROM assessment a WHERE a.elder_id = asked_elder AND a.state = 'signed'
    AND on_day BETWEEN a.assessed_on AND a.valid_until ORDER BY a.assessed_on DESC, a.id DESC LIMIT 1
$$;
-- Whom an ID number belongs to, for a home that holds her card: only somebody who dispatches for a provider is answered.
CREATE OR REPLACE FUNCTION elder_by_id_number(asked_hash bytea) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT e.person_id FROM person p JOIN elder e ON e.person_id = p.id
  WHERE p.id_number_hash = asked_hash AND p.died_on IS NULL AND cardinality(linked_providers()) > 0
$$;

-- A stay rests on an assessment that held on its first day, or on an emergency; its bed is open and not promised to another.
CREATE OR REPLACE FUNCTION guard_bed_stay() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
DECLARE
  b record;
BEGIN
  SELECT bed.opened_on, bed.closed_on, bed.area_code, f.provider_id INTO b FROM bed JOIN facility f ON f.id = bed.facility_id
  WHERE bed.id = NEW.bed_id;
  NEW.provider_id := b.provider_id;
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.bed_id, NEW.elder_id, lower(NEW.during), NEW.basis, NEW.moved_from)
       IS DISTINCT FROM (OLD.bed_id, OLD.elder_id, lower(OLD.during), OLD.basis, OLD.moved_from) THEN
      RAISE EXCEPTION 'stay % began as it began', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bed_stay_begins_once';
    END IF;
    IF NEW.assessment_id IS DISTINCT FROM OLD.assessment_id AND OLD.basis <> 'emergency' THEN
      RAISE EXCEPTION 'stay % rests on its assessment', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bed_stay_begins_once';
    END IF;
    RETURN NEW;
  END IF;
  IF current_user = 'yinling_app' AND NEW.basis = 'register' AND NEW.moved_from IS NULL THEN
    RAISE EXCEPTION 'elder % has no assessment that holds', NEW.elder_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bed_stay_needs_an_assessment_check';
  END IF;
  IF NEW.moved_from IS NOT NULL AND NOT EXISTS (
      SELECT FROM bed_stay p WHERE p.id = NEW.moved_from AND p.elder_id = NEW.elder_id AND upper(p.during) = lower(NEW.during)) THEN
    RAISE EXCEPTION 'stay % does not go on from %', NEW.id, NEW.moved_from
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bed_stay_goes_on_check';
  END IF;
  IF NEW.basis = 'assessed' AND NEW.moved_from IS NULL AND NOT assessment_holds(NEW.assessment_id, NEW.elder_id, lower(NEW.during)) THEN
    RAISE EXCEPTION 'assessment % does not hold', NEW.assessment_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bed_stay_needs_an_assessment_check';
  END IF;
  IF NEW.basis <> 'register' AND (b.opened_on > lower(NEW.during) OR COALESCE(upper(NEW.during), 'infinity') > COALESCE(b.closed_on, 'infinity')) THEN
    RAISE EXCEPTION 'bed % is not open on these days', NEW.bed_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bed_stay_in_an_open_bed_check';
  END IF;
  IF current_user = 'yinling_app' AND NEW.basis = 'assessed' AND passes_those_who_wait(NEW.bed_id, NEW.elder_id, NEW.moved_from, lower(NEW.during)) THEN
    RAISE EXCEPTION 'somebody waits for bed %', NEW.bed_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bed_stay_passes_nobody_check';
  END IF;
  IF bed_promised_elsewhere(NEW.bed_id, NEW.elder_id) THEN
    RAISE EXCEPTION 'bed % is offered to somebody else', NEW.bed_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bed_stay_bed_is_promised_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE FUNCTION bed_promised_elsewhere(asked_bed bigint, but_for bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ SELECT EXISTS (SELECT FROM bed_offer WHERE bed_id = asked_bed AND state IN ('open', 'accepted') AND elder_id <> but_for) $$;
CREATE OR REPLACE TRIGGER bed_stay_guarded BEFORE INSERT OR UPDATE ON bed_stay
  FOR EACH ROW EXECUTE FUNCTION guard_bed_stay();

-- A leave lies within its stay; a stay that ends ends the leave with it.
CREATE OR REPLACE FUNCTION guard_bed_leave() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
DECLARE
  s record;
BEGIN
  SELECT * INTO s FROM bed_stay WHERE id = NEW.stay_id;
  NEW.elder_id := s.elder_id; NEW.area_code := s.area_code; NEW.provider_id := s.provider_id;
  IF s.id IS NULL OR NOT s.during @> lower(NEW.during) OR (TG_OP = 'INSERT' AND NOT s.during @> NEW.during AND upper(NEW.during) IS NOT NULL) THEN
    RAISE EXCEPTION 'leave lies outside stay %', NEW.stay_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bed_leave_within_its_stay_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER bed_leave_within_its_stay BEFORE INSERT OR UPDATE ON bed_leave
  FOR EACH ROW EXECUTE FUNCTION guard_bed_leave();
CREATE OR REPLACE FUNCTION end_leaves_with_the_stay() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  UPDATE bed_leave SET during = daterange(lower(during), greatest(upper(NEW.during), lower(during) + 1))
  WHERE stay_id = NEW.id AND (upper(during) IS NULL OR upper(during) > upper(NEW.during)) AND lower(during) < upper(NEW.during);
  RETURN NULL;
END
$$;
ALTER FUNCTION end_leaves_with_the_stay() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER bed_stay_ends_its_leaves AFTER UPDATE OF during ON bed_stay FOR EACH ROW
  WHEN (upper(NEW.during) IS NOT NULL AND upper(NEW.during) IS DISTINCT FROM upper(OLD.during))
  EXECUTE FUNCTION end_leaves_with_the_stay();

-- The order of a waiting list: put first by two people, then the class, then the moment.
CREATE OR REPLACE FUNCTION bed_wait_order(w bed_wait) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public AS
$$
  SELECT CASE WHEN w.jumped_at IS NULL THEN '1' ELSE '0' END
    || lpad(CASE WHEN w.jumped_at IS NULL THEN w.class_rank ELSE 0 END::text, 4, '0')
    || lpad((extract(epoch FROM COALESCE(w.jumped_at, w.queued_at)) * 1000000)::bigint::text, 20, '0')
    || lpad(w.id::text, 19, '0')
$$;
-- An entry's place and why: counts only, for who may see the entry but not the others.
CREATE OR REPLACE FUNCTION bed_wait_place(asked bigint)
RETURNS TABLE (place bigint, put_first bigint, higher_class bigint, same_class bigint, waiting bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT count(*) FILTER (WHERE bed_wait_order(o) < bed_wait_order(mine)) + 1,
    count(*) FILTER (WHERE bed_wait_order(o) < bed_wait_order(mine) AND o.jumped_at IS NOT NULL),
    count(*) FILTER (WHERE bed_wait_order(o) < bed_wait_order(mine) AND o.jumped_at IS NULL AND o.class_rank < mine.class_rank),
    count(*) FILTER (WHERE bed_wait_order(o) < bed_wait_order(mine) AND o.jumped_at IS NULL AND o.class_rank = mine.class_rank),
    count(*)
  FROM bed_wait mine JOIN bed_wait o ON o.facility_id = mine.facility_id AND o.state IN ('waiting', 'offered', 'accepted')
  WHERE mine.id = asked
$$;
-- Does a bed carry a flag on a day?
CREATE OR REPLACE FUNCTION bed_carries(asked bigint, asked_flag text, on_day date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT asked_flag IS NULL OR EXISTS (
    SELECT FROM bed b WHERE b.id = asked AND CASE asked_flag
        WHEN 'nursing' THEN b.nursing_from <= on_day
        WHEN 'dementia' THEN b.dementia AND COALESCE(b.dementia_from, b.opened_on) <= on_day
        ELSE b.basic_guarantee AND COALESCE(b.basic_guarantee_from, b.opened_on) <= on_day END
      AND NOT EXISTS (SELECT FROM bed_flag_lapse l WHERE l.bed_id = b.id AND l.flag = asked_flag AND l.during @> on_day))
$$;
-- Who should be asked first for a bed on a day: the first that waits and whom the bed suits.
CREATE OR REPLACE FUNCTION first_for_bed(asked_bed bigint, on_day date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT w.id FROM bed b JOIN bed_wait w ON w.facility_id = b.facility_id AND w.state = 'waiting'
  WHERE b.id = asked_bed AND bed_carries(b.id, w.wants, on_day) ORDER BY bed_wait_order(w) LIMIT 1
$$;

-- Somebody whom the bed suits waits, and this elder comes neither by an offer she took nor from another bed of the home.
CREATE OR REPLACE FUNCTION passes_those_who_wait(asked_bed bigint, for_elder bigint, came_from bigint, on_day date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (SELECT FROM bed_wait w WHERE w.id = first_for_bed(asked_bed, on_day) AND w.elder_id <> for_elder)
    AND NOT EXISTS (SELECT FROM bed_offer o WHERE o.bed_id = asked_bed AND o.elder_id = for_elder AND o.state = 'accepted')
    AND NOT EXISTS (SELECT FROM bed_stay s JOIN bed f ON f.id = s.bed_id JOIN bed t ON t.facility_id = f.facility_id
                    WHERE s.id = came_from AND t.id = asked_bed)
$$;

-- An offer goes to the first whom the bed suits; nobody passes the others without two people having said so.
CREATE OR REPLACE FUNCTION guard_bed_offer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  w record;
  b record;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.wait_id, NEW.bed_id, NEW.elder_id, NEW.first_day, NEW.offered_at, NEW.expires_at)
       IS DISTINCT FROM (OLD.wait_id, OLD.bed_id, OLD.elder_id, OLD.first_day, OLD.offered_at, OLD.expires_at)
       OR OLD.state NOT IN ('open', 'accepted') OR (OLD.state = 'accepted' AND NEW.state NOT IN ('fulfilled', 'withdrawn', 'accepted')) THEN
      RAISE EXCEPTION 'offer % stands as it was made and answered', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bed_offer_answered_once';
    END IF;
    RETURN NEW;
  END IF;
  SELECT f.id AS facility_id, f.provider_id, f.area_code INTO b FROM bed JOIN facility f ON f.id = bed.facility_id WHERE bed.id = NEW.bed_id;
  PERFORM pg_advisory_xact_lock(hashtextextended('bed_wait', b.facility_id));
  SELECT * INTO w FROM bed_wait WHERE id = NEW.wait_id FOR UPDATE;
  NEW.elder_id := w.elder_id; NEW.provider_id := b.provider_id; NEW.area_code := w.area_code; NEW.elder_area_code := w.elder_area_code;
  IF w.facility_id IS DISTINCT FROM b.facility_id OR first_for_bed(NEW.bed_id, NEW.first_day) IS DISTINCT FROM NEW.wait_id THEN
    RAISE EXCEPTION 'somebody waits before entry %', NEW.wait_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bed_offer_goes_to_the_first_check';
  END IF;
  IF EXISTS (SELECT FROM bed_stay s WHERE s.bed_id = NEW.bed_id AND (upper(s.during) IS NULL OR upper(s.during) > NEW.first_day)) THEN
    RAISE EXCEPTION 'bed % is not free on %', NEW.bed_id, NEW.first_day
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bed_offer_of_a_free_bed_check';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION guard_bed_offer() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER bed_offer_guarded BEFORE INSERT OR UPDATE ON bed_offer
  FOR EACH ROW EXECUTE FUNCTION guard_bed_offer();

-- An entry's home, elder and class stay what they were judged to be; only an approved jump puts it first.
CREATE OR REPLACE FUNCTION guard_bed_wait() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT f.provider_id, f.area_code INTO NEW.provider_id, NEW.area_code FROM facility f WHERE f.id = NEW.facility_id;
    SELECT e.area_code INTO NEW.elder_area_code FROM elder e WHERE e.person_id = NEW.elder_id;
    NEW.jumped_at := NULL; NEW.declines := 0; NEW.state := 'waiting';
    RETURN NEW;
  END IF;
  IF (NEW.facility_id, NEW.elder_id, NEW.applied_at, NEW.applied_by) IS DISTINCT FROM (OLD.facility_id, OLD.elder_id, OLD.applied_at, OLD.applied_by)
     OR (OLD.state IN ('admitted', 'withdrawn', 'removed') AND NEW.state <> OLD.state)
     OR NEW.queued_at < OLD.queued_at
     OR (NEW.jumped_at IS DISTINCT FROM OLD.jumped_at AND NEW.jumped_at IS NOT NULL
         AND NOT EXISTS (SELECT FROM bed_jump j WHERE j.wait_id = NEW.id AND j.state = 'approved' AND j.decided_at = NEW.jumped_at)) THEN
    RAISE EXCEPTION 'entry % keeps its home, its elder and its turn', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bed_wait_keeps_its_turn';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION guard_bed_wait() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER bed_wait_guarded BEFORE INSERT OR UPDATE ON bed_wait
  FOR EACH ROW EXECUTE FUNCTION guard_bed_wait();
-- A relative or a home does not judge the class: those columns are the office's, or the house's.
CREATE OR REPLACE TRIGGER bed_wait_class_is_the_offices BEFORE UPDATE OF class_code, class_rank, class_facts, queued_at, jumped_at ON bed_wait
  FOR EACH ROW WHEN (NEW.class_rank < OLD.class_rank OR NEW.jumped_at IS DISTINCT FROM OLD.jumped_at)
  EXECUTE FUNCTION keep_columns('office', 'class_code', 'class_rank', 'jumped_at');

-- Home, provider and area of a report or a choice are looked up, not told.
CREATE OR REPLACE FUNCTION place_bed_report() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  SELECT f.provider_id, f.area_code INTO NEW.provider_id, NEW.area_code FROM facility f WHERE f.id = NEW.facility_id;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER bed_report_placed BEFORE INSERT ON bed_report FOR EACH ROW EXECUTE FUNCTION place_bed_report();
CREATE OR REPLACE TRIGGER bed_official_placed BEFORE INSERT ON bed_official FOR EACH ROW EXECUTE FUNCTION place_bed_report();

-- What a lapse or a level changes is counted anew with its bed (sql/500_measures.sql).
DO $$
DECLARE
  verb text;
BEGIN
  FOREACH verb IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON bed_flag_lapse REFERENCING %s TABLE AS changed_rows'
      ' FOR EACH STATEMENT EXECUTE FUNCTION touch_measures(''bed'', ''bed_id'')', 'touch_bed_by_' || lower(verb), verb,
      CASE verb WHEN 'DELETE' THEN 'OLD' ELSE 'NEW' END);
  END LOOP;
END
$$;

SELECT let_look_past('assessment_holds(bigint, bigint, date)', 'holding_assessment(bigint, date)', 'elder_by_id_number(bytea)',
  'bed_promised_elsewhere(bigint, bigint)', 'passes_those_who_wait(bigint, bigint, bigint, date)', 'bed_wait_place(bigint)',
  'bed_carries(bigint, text, date)', 'first_for_bed(bigint, date)');

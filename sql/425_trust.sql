-- Whom one may trust: blacklists and certificates that no offer and no promise passes, ratings that open together,
-- credit levels written once. An entry of the blacklist holds from the moment it is written, whatever day a row names;
-- for its last day guards take the later of the row's own moment and the database's: back-dating passes nothing.

CREATE OR REPLACE FUNCTION barred_provider(asked bigint, at_moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (SELECT FROM blacklist_entry
                 WHERE provider_id = asked AND lifted_at IS NULL
                   AND (until_on IS NULL OR (at_moment AT TIME ZONE 'Asia/Shanghai')::date < until_on))
$$;

CREATE OR REPLACE FUNCTION barred_carer(asked bigint, at_moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (SELECT FROM blacklist_entry
                 WHERE carer_id = asked AND lifted_at IS NULL
                   AND (until_on IS NULL OR (at_moment AT TIME ZONE 'Asia/Shanghai')::date < until_on))
$$;

-- The blacklist of organisations is public: who, why, since when, until when; not what the evidence says of people.
CREATE OR REPLACE FUNCTION public_blacklist()
RETURNS TABLE (entry_id bigint, provider_id bigint, reason text, legal_basis text, from_at timestamptz, until_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT b.id, b.provider_id, b.reason, b.legal_basis, b.from_at, b.until_on FROM blacklist_entry b
  WHERE b.provider_id IS NOT NULL AND b.lifted_at IS NULL ORDER BY b.from_at DESC, b.id
$$;

-- May this carer be sent where these skills are demanded? Without a file her register's certificate counts.
CREATE OR REPLACE FUNCTION carer_qualified(asked bigint, skills_needed text[], on_day date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT cardinality(skills_needed) = 0 OR COALESCE((
    SELECT c.skills @> skills_needed AND c.certificate_valid_until >= on_day
           AND (NOT c.file_kept OR file_proves(c.person_id, skills_needed, on_day))
    FROM carer c WHERE c.person_id = asked), false)
$$;

-- The skills a service demands somewhere on a day: the house's own and those of the city's published standard.
CREATE OR REPLACE FUNCTION skills_demanded(asked_service text, asked_area bigint, on_day date) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS
$$
  SELECT COALESCE(array_agg(DISTINCT skill), '{}') FROM (
    SELECT unnest(i.required_skills) AS skill FROM service_item i WHERE i.code = asked_service
    UNION
    SELECT unnest(s.required_skills) FROM service_standard s
    WHERE s.city_code = catalogue_city(asked_area, on_day) AND s.code = asked_service AND s.during @> on_day
  ) AS demanded
$$;

-- An entry waits for whoever is just opening an offer or promising a carer, and they for it (KEY SHARE and UPDATE).
CREATE OR REPLACE FUNCTION begin_blacklisting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF NEW.provider_id IS NOT NULL THEN
    PERFORM FROM provider WHERE id = NEW.provider_id FOR UPDATE;
  ELSE
    PERFORM FROM carer WHERE person_id = NEW.carer_id FOR UPDATE;
  END IF;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION mirror_blacklist() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE provider SET blocked_at = NEW.from_at, blocked_reason = '失信名单：' || NEW.reason
    WHERE id = NEW.provider_id AND blocked_at IS NULL;
  ELSIF OLD.lifted_at IS NOT NULL THEN
    RAISE EXCEPTION 'blacklist entry % was lifted', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'blacklist_entry_lifted_once_check';
  ELSIF NEW.lifted_at IS NOT NULL THEN
    UPDATE provider SET blocked_at = NULL, blocked_reason = NULL
    WHERE id = NEW.provider_id AND blocked_reason LIKE '失信名单：%';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER blacklist_entry_begins BEFORE INSERT ON blacklist_entry
  FOR EACH ROW EXECUTE FUNCTION begin_blacklisting();
CREATE OR REPLACE TRIGGER blacklist_entry_mirrored AFTER INSERT OR UPDATE ON blacklist_entry
  FOR EACH ROW EXECUTE FUNCTION mirror_blacklist();

CREATE OR REPLACE FUNCTION refuse_barred_offer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  PERFORM FROM provider WHERE id = NEW.provider_id FOR KEY SHARE;
  IF barred_provider(NEW.provider_id, greatest(COALESCE(NEW.answered_at, NEW.offered_at), now())) THEN
    RAISE EXCEPTION 'provider % is blacklisted', NEW.provider_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'offer_provider_not_barred_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER offer_to_nobody_barred BEFORE INSERT OR UPDATE OF state, provider_id ON offer
  FOR EACH ROW WHEN (NEW.state IN ('open', 'accepted')) EXECUTE FUNCTION refuse_barred_offer();

-- Places of a published capacity are taken without an offer: the order itself may not go to a barred provider either.
CREATE OR REPLACE FUNCTION refuse_barred_order() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF NEW.provider_id IS NULL OR (TG_OP = 'UPDATE' AND NEW.provider_id IS NOT DISTINCT FROM OLD.provider_id) THEN
    RETURN NEW;
  END IF;
  PERFORM FROM provider WHERE id = NEW.provider_id FOR KEY SHARE;
  IF barred_provider(NEW.provider_id, greatest(COALESCE(NEW.accepted_at, NEW.placed_at), now())) THEN
    RAISE EXCEPTION 'provider % is blacklisted', NEW.provider_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'care_order_provider_not_barred_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER care_order_to_nobody_barred BEFORE INSERT OR UPDATE OF provider_id ON care_order
  FOR EACH ROW EXECUTE FUNCTION refuse_barred_order();

CREATE OR REPLACE FUNCTION refuse_unfit_carer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  at_moment constant timestamptz := greatest(NEW.assigned_at, now());
  on_day constant date := (lower(NEW.during) AT TIME ZONE 'Asia/Shanghai')::date;
  needed text[];
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state = 'planned' AND NEW.carer_id = OLD.carer_id AND NEW.during = OLD.during THEN
    RETURN NEW;
  END IF;
  PERFORM FROM provider WHERE id = NEW.provider_id FOR KEY SHARE;
  PERFORM FROM carer WHERE person_id = NEW.carer_id FOR KEY SHARE;
  IF barred_provider(NEW.provider_id, at_moment) THEN
    RAISE EXCEPTION 'provider % is blacklisted', NEW.provider_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'assignment_provider_not_barred_check';
  END IF;
  IF barred_carer(NEW.carer_id, at_moment) THEN
    RAISE EXCEPTION 'carer % is blacklisted', NEW.carer_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'assignment_carer_not_barred_check';
  END IF;
  SELECT skills_demanded(o.service_code, o.area_code, on_day) INTO needed FROM care_order o WHERE o.id = NEW.order_id;
  IF NOT carer_qualified(NEW.carer_id, COALESCE(needed, '{}'), on_day) THEN
    RAISE EXCEPTION 'carer % holds no valid certificate for % on %', NEW.carer_id, needed, on_day
      USING ERRCODE = 'check_violation', CONSTRAINT = 'assignment_carer_qualified_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER assignment_of_a_fit_carer BEFORE INSERT OR UPDATE OF carer_id, state, during ON assignment
  FOR EACH ROW WHEN (NEW.state = 'planned') EXECUTE FUNCTION refuse_unfit_carer();

-- The register follows the file: once a first certificate is kept the register's own becomes a row beside it.
CREATE OR REPLACE FUNCTION keep_file() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  c carer;
BEGIN
  SELECT * INTO c FROM carer WHERE person_id = NEW.carer_id FOR NO KEY UPDATE;
  IF NOT c.file_kept THEN
    UPDATE carer SET file_kept = true WHERE person_id = c.person_id;
    IF c.certificate_valid_until IS NOT NULL AND c.certificate_number IS DISTINCT FROM NEW.certificate_number THEN
      INSERT INTO carer_certificate (carer_id, provider_id, area_code, name, certificate_number, issuer, valid_from,
                                     valid_until, covers, recorded_at)
      VALUES (c.person_id, c.provider_id, c.area_code, '入职登记的证书', COALESCE(c.certificate_number, '未填'), '名录',
              least(c.since, c.certificate_valid_until), c.certificate_valid_until, '{}', NEW.recorded_at);
    END IF;
  END IF;
  UPDATE carer SET (certificate_valid_until, certificate_number) = (
      SELECT max(f.valid_until), (array_agg(f.certificate_number ORDER BY f.valid_until DESC, f.id DESC))[1]
      FROM carer_certificate f WHERE f.carer_id = NEW.carer_id AND f.withdrawn_at IS NULL)
  WHERE person_id = NEW.carer_id;
  RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER carer_certificate_in_the_register AFTER INSERT OR UPDATE ON carer_certificate
  FOR EACH ROW EXECUTE FUNCTION keep_file();

CREATE OR REPLACE FUNCTION mirror_credit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  UPDATE provider SET (credit_level, credit_match_percent) = (
      SELECT k.level, CASE WHEN k.level <> 'none' THEN k.match_percent END FROM provider_credit k
      WHERE k.provider_id = NEW.provider_id ORDER BY k.month DESC, k.version DESC LIMIT 1)
  WHERE id = NEW.provider_id;
  RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER provider_credit_mirrored AFTER INSERT ON provider_credit
  FOR EACH ROW EXECUTE FUNCTION mirror_credit();

-- Nobody judges for the other side, and both halves open in the moment the second is written.
CREATE OR REPLACE FUNCTION works_for(asked_person bigint, asked_provider bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (SELECT FROM role_grant WHERE person_id = asked_person AND provider_id = asked_provider
                 AND role IN ('dispatcher', 'carer') AND revoked_at IS NULL)
      OR EXISTS (SELECT FROM carer WHERE person_id = asked_person AND provider_id = asked_provider AND left_on IS NULL)
$$;

CREATE OR REPLACE FUNCTION guard_rating_side() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF works_for(NEW.rated_by, NEW.provider_id) <> (TG_TABLE_NAME = 'cooperation_rating') THEN
    RAISE EXCEPTION 'order % is judged from the wrong side', NEW.order_id
      USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_from_its_side_check';
  END IF;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION open_both_ratings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  PERFORM FROM care_order WHERE id = NEW.order_id FOR NO KEY UPDATE;
  IF (TG_TABLE_NAME = 'rating' AND EXISTS (SELECT FROM cooperation_rating WHERE order_id = NEW.order_id))
     OR (TG_TABLE_NAME = 'cooperation_rating' AND EXISTS (SELECT FROM rating WHERE order_id = NEW.order_id)) THEN
    INSERT INTO rating_reveal (order_id, elder_id, area_code, revealed_at, because)
    VALUES (NEW.order_id, NEW.elder_id, NEW.area_code, NEW.rated_at, 'both') ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER rating_from_its_side BEFORE INSERT ON rating
  FOR EACH ROW EXECUTE FUNCTION guard_rating_side();
CREATE OR REPLACE TRIGGER cooperation_rating_from_its_side BEFORE INSERT ON cooperation_rating
  FOR EACH ROW EXECUTE FUNCTION guard_rating_side();
CREATE OR REPLACE TRIGGER rating_opens_both AFTER INSERT ON rating
  FOR EACH ROW WHEN (NEW.opens_at IS NOT NULL) EXECUTE FUNCTION open_both_ratings();
CREATE OR REPLACE TRIGGER cooperation_rating_opens_both AFTER INSERT ON cooperation_rating
  FOR EACH ROW EXECUTE FUNCTION open_both_ratings();

SELECT let_look_past('barred_provider(bigint, timestamptz)', 'barred_carer(bigint, timestamptz)', 'public_blacklist()',
  'carer_qualified(bigint, text[], date)', 'works_for(bigint, bigint)',
  'begin_blacklisting()', 'mirror_blacklist()', 'refuse_barred_offer()', 'refuse_barred_order()',
  'refuse_unfit_carer()', 'keep_file()', 'mirror_credit()', 'guard_rating_side()', 'open_both_ratings()');

-- Written once; and of what may change, only what a decision changes.
REVOKE UPDATE, DELETE, TRUNCATE ON provider_credit, credit_evidence, credit_strike, cooperation_rating, rating_reveal
  FROM yinling_app, yinling_jobs;
REVOKE INSERT ON provider_credit, credit_evidence, rating_reveal, blacklist_visit FROM yinling_app;
REVOKE UPDATE ON blacklist_entry, blacklist_visit, trust_appeal, carer_certificate, carer_training
  FROM yinling_app, yinling_jobs;
GRANT UPDATE (lifted_at, lifted_by, lift_reason) ON blacklist_entry TO yinling_app, yinling_jobs;
GRANT UPDATE (decision, note, decided_by, decided_at) ON blacklist_visit TO yinling_app;
GRANT UPDATE (done_at, outcome) ON blacklist_visit TO yinling_jobs;
GRANT UPDATE (decision, reply, decided_by, decided_at) ON trust_appeal TO yinling_app, yinling_jobs;
GRANT UPDATE (withdrawn_at, withdrawn_by, withdrawn_reason, document_key, document_type, document_sha256)
  ON carer_certificate TO yinling_app, yinling_jobs;
GRANT UPDATE (withdrawn_at) ON carer_training TO yinling_app, yinling_jobs;

SELECT guard_rows('rating',
  '{office} OR elder_id = {elders} OR (order_id = {orders}
   AND (opens_at IS NULL OR EXISTS (SELECT FROM rating_reveal v WHERE v.order_id = rating.order_id)))');
SELECT guard_rows('cooperation_rating',
  '{office} OR rated_by = {me} OR (order_id = {orders} AND NOT elder_id = {elders})
   OR (elder_id = {elders} AND EXISTS (SELECT FROM rating_reveal v WHERE v.order_id = cooperation_rating.order_id))');
SELECT guard_rows('rating_reveal', '{office} OR elder_id = {elders} OR order_id = {orders}');
SELECT guard_rows('credit_evidence', '{office} OR provider_id = {providers}');
SELECT guard_rows('credit_strike', '{office} OR provider_id = {providers}');
SELECT guard_rows('blacklist_entry',
  '{office} OR provider_id = {providers} OR carer_id = {me}
   OR carer_id IN (SELECT person_id FROM carer WHERE provider_id = {providers})');
SELECT guard_rows('blacklist_visit', '{office} OR elder_id = {elders}');
SELECT guard_rows('trust_appeal', '{office} OR provider_id = {providers} OR filed_by = {me}');
SELECT guard_rows('carer_certificate', '{office} OR provider_id = {providers} OR carer_id = {me}');
SELECT guard_rows('carer_training', '{office} OR provider_id = {providers} OR carer_id = {me}');
SELECT write_once('provider_credit', 'credit_evidence', 'credit_strike', 'cooperation_rating', 'rating_reveal');

-- Only an office puts somebody on the list, takes her off and decides; a provider reads and appeals.
SELECT guard_writing('blacklist_entry', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('blacklist_visit', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('credit_strike', '{office}', 'INSERT', 'UPDATE');
SELECT guard_writing('trust_appeal', '{office}', 'UPDATE');

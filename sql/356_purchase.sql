-- Government purchase: one chain from a budget line's fen to the evidence and back. A settlement line names its contract
-- and budget lines by itself, and the money is refused where the budget, the unit price or the ceiling would be passed.

-- The contract in force that covers a service of a provider on a day; at most one (purchase_contract_overlap_check).
CREATE OR REPLACE FUNCTION contract_covering(asked_provider bigint, asked_service text, on_day date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT c.id FROM purchase_contract c JOIN purchase_price p ON p.contract_id = c.id AND p.service_code = asked_service
  WHERE c.provider_id = asked_provider AND c.state IN ('in_force', 'ended')
    AND on_day BETWEEN c.first_day AND coalesce(c.ended_on, c.last_day)
  ORDER BY c.id LIMIT 1
$$;

-- Why public money for a delivery may not be spent under its contract; NULL: it may, or no contract covers it.
CREATE OR REPLACE FUNCTION purchase_hindrance(asked_provider bigint, asked_service text, on_day date,
  government bigint, government_number text, voucher bigint, voucher_number text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  covering constant bigint := contract_covering(asked_provider, asked_service, on_day);
  agreed bigint;
  left_fen bigint;
  from_voucher bigint := 0;
BEGIN
  IF covering IS NULL OR government + voucher <= 0 THEN
    RETURN NULL;
  END IF;
  SELECT unit_fen INTO agreed FROM purchase_price WHERE contract_id = covering AND service_code = asked_service;
  SELECT planned_fen - spent_fen INTO left_fen FROM purchase_budget
    WHERE contract_id = covering AND budget_year = extract(year FROM on_day) AND budget_number = voucher_number;
  IF voucher > 0 AND FOUND THEN
    from_voucher := voucher;
    IF voucher > left_fen THEN RETURN 'budget_used_up'; END IF;
  END IF;
  IF government + from_voucher > agreed THEN
    RETURN 'over_contract_price';
  END IF;
  IF government > 0 THEN
    SELECT planned_fen - spent_fen INTO left_fen FROM purchase_budget
      WHERE contract_id = covering AND budget_year = extract(year FROM on_day) AND budget_number = government_number;
    IF NOT FOUND THEN RETURN 'no_budget'; END IF;
    IF government + (CASE WHEN government_number = voucher_number THEN from_voucher ELSE 0 END) > left_fen THEN
      RETURN 'budget_used_up';
    END IF;
  END IF;
  RETURN NULL;
END
$$;

-- A line finds its contract and budgets by itself; a correction goes where its line took from.
CREATE OR REPLACE FUNCTION name_contract() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  countered settlement_line;
  hindered text;
BEGIN
  IF NEW.kind = 'correction' THEN
    SELECT * INTO countered FROM settlement_line WHERE id = NEW.counters_id;
    NEW.contract_id := countered.contract_id;
    NEW.government_budget_id := countered.government_budget_id;
    NEW.voucher_budget_id := countered.voucher_budget_id;
  ELSE
    NEW.contract_id := contract_covering(NEW.provider_id, NEW.service_code, NEW.service_day);
    NEW.government_budget_id := NULL;
    NEW.voucher_budget_id := NULL;
    IF NEW.contract_id IS NOT NULL THEN
      PERFORM FROM purchase_budget WHERE contract_id = NEW.contract_id ORDER BY id FOR NO KEY UPDATE;
      hindered := purchase_hindrance(NEW.provider_id, NEW.service_code, NEW.service_day, NEW.government_fen,
        NEW.government_budget, NEW.voucher_fen, NEW.voucher_budget);
      IF hindered = 'budget_used_up' THEN
        RAISE EXCEPTION 'the budget of contract % is used up', NEW.contract_id
          USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_budget_not_overspent_check';
      ELSIF hindered IS NOT NULL THEN
        RAISE EXCEPTION 'contract % does not pay this: %', NEW.contract_id, hindered
          USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_line_under_contract_check';
      END IF;
      IF NEW.government_fen > 0 THEN
        SELECT id INTO NEW.government_budget_id FROM purchase_budget WHERE contract_id = NEW.contract_id
          AND budget_year = extract(year FROM NEW.service_day) AND budget_number = NEW.government_budget;
      END IF;
      IF NEW.voucher_fen > 0 THEN
        SELECT id INTO NEW.voucher_budget_id FROM purchase_budget WHERE contract_id = NEW.contract_id
          AND budget_year = extract(year FROM NEW.service_day) AND budget_number = NEW.voucher_budget;
      END IF;
    END IF;
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER settlement_line_names_its_contract BEFORE INSERT ON settlement_line
  FOR EACH ROW EXECUTE FUNCTION name_contract();

-- The money moves when the line stands (a line that was there already moves nothing).
CREATE OR REPLACE FUNCTION spend_budget() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF NEW.government_budget_id IS NOT NULL AND NEW.government_fen <> 0 THEN
    UPDATE purchase_budget SET spent_fen = spent_fen + NEW.government_fen WHERE id = NEW.government_budget_id;
  END IF;
  IF NEW.voucher_budget_id IS NOT NULL AND NEW.voucher_fen <> 0 THEN
    UPDATE purchase_budget SET spent_fen = spent_fen + NEW.voucher_fen WHERE id = NEW.voucher_budget_id;
  END IF;
  RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER settlement_line_spends_its_budget AFTER INSERT ON settlement_line
  FOR EACH ROW EXECUTE FUNCTION spend_budget();

-- What is drawn counts as spent only by lines: a new budget starts at nothing, whoever writes it.
CREATE OR REPLACE FUNCTION start_budget() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  c purchase_contract;
  planned bigint;
BEGIN
  SELECT * INTO c FROM purchase_contract WHERE id = NEW.contract_id FOR NO KEY UPDATE;
  IF TG_OP = 'INSERT' THEN
    NEW.spent_fen := 0;
    IF c.state NOT IN ('draft', 'in_force') THEN
      RAISE EXCEPTION 'contract % is over', c.id USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_contract_draft_only_check';
    END IF;
  END IF;
  NEW.area_code := c.area_code;
  NEW.provider_id := c.provider_id;
  SELECT coalesce(sum(planned_fen), 0) INTO planned FROM purchase_budget WHERE contract_id = c.id AND id <> NEW.id;
  IF planned + NEW.planned_fen > c.ceiling_fen THEN
    RAISE EXCEPTION 'contract % holds at most %', c.id, c.ceiling_fen
      USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_budget_ceiling_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER purchase_budget_within_its_ceiling BEFORE INSERT OR UPDATE OF planned_fen ON purchase_budget
  FOR EACH ROW EXECUTE FUNCTION start_budget();

CREATE OR REPLACE FUNCTION guard_price() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  c purchase_contract;
BEGIN
  SELECT * INTO c FROM purchase_contract WHERE id = NEW.contract_id FOR NO KEY UPDATE;
  IF c.state <> 'draft' THEN
    RAISE EXCEPTION 'contract % is no draft', c.id USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_contract_draft_only_check';
  END IF;
  NEW.area_code := c.area_code;
  NEW.provider_id := c.provider_id;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER purchase_price_of_a_draft BEFORE INSERT OR UPDATE ON purchase_price
  FOR EACH ROW EXECUTE FUNCTION guard_price();

-- draft -> in_force -> ended, or draft -> dropped; two contracts in force never cover the same service on one day.
CREATE OR REPLACE FUNCTION guard_contract() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF (to_jsonb(OLD) - ARRAY['state', 'ended_on', 'end_reason']) IS DISTINCT FROM (to_jsonb(NEW) - ARRAY['state', 'ended_on', 'end_reason'])
     OR (OLD.state, NEW.state) NOT IN (('draft', 'in_force'), ('draft', 'dropped'), ('in_force', 'ended')) THEN
    RAISE EXCEPTION 'contract % does not change so', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_contract_draft_only_check';
  END IF;
  IF NEW.state = 'in_force' THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('purchase_contract', NEW.provider_id));
    IF NOT EXISTS (SELECT FROM purchase_price WHERE contract_id = NEW.id)
       OR NOT EXISTS (SELECT FROM purchase_budget WHERE contract_id = NEW.id) THEN
      RAISE EXCEPTION 'contract % has no price or no budget', NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_contract_ready_check';
    END IF;
    IF EXISTS (SELECT FROM purchase_price mine JOIN purchase_price other ON other.service_code = mine.service_code
               JOIN purchase_contract o ON o.id = other.contract_id AND o.provider_id = NEW.provider_id
               WHERE mine.contract_id = NEW.id AND o.id <> NEW.id AND o.state IN ('in_force', 'ended')
                 AND o.first_day <= NEW.last_day AND coalesce(o.ended_on, o.last_day) >= NEW.first_day) THEN
      RAISE EXCEPTION 'contract % overlaps', NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_contract_overlap_check';
    END IF;
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER purchase_contract_goes_its_way BEFORE UPDATE ON purchase_contract
  FOR EACH ROW EXECUTE FUNCTION guard_contract();
CREATE OR REPLACE FUNCTION start_contract() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$ BEGIN NEW.state := 'draft'; NEW.ended_on := NULL; NEW.end_reason := NULL; RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER purchase_contract_starts_as_a_draft BEFORE INSERT ON purchase_contract
  FOR EACH ROW EXECUTE FUNCTION start_contract();

CREATE OR REPLACE FUNCTION follow_contract() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  SELECT area_code, provider_id INTO NEW.area_code, NEW.provider_id FROM purchase_contract WHERE id = NEW.contract_id;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER purchase_acceptance_follows_its_contract BEFORE INSERT ON purchase_acceptance
  FOR EACH ROW EXECUTE FUNCTION follow_contract();

SELECT let_look_past(
  'contract_covering(bigint, text, date)', 'purchase_hindrance(bigint, text, date, bigint, text, bigint, text)',
  'name_contract()', 'spend_budget()', 'start_budget()', 'guard_price()', 'guard_contract()', 'follow_contract()');

SELECT guard_rows(guarded, '{office} OR provider_id = {providers}'), guard_writing(guarded, '{office}', 'INSERT', 'UPDATE')
FROM unnest(ARRAY['purchase_contract', 'purchase_price', 'purchase_budget', 'purchase_budget_change', 'purchase_acceptance'])
  AS g (guarded);
SELECT write_once('purchase_budget_change', 'purchase_acceptance');
REVOKE UPDATE, DELETE, TRUNCATE ON purchase_contract, purchase_price, purchase_budget, purchase_budget_change,
  purchase_acceptance FROM yinling_app, yinling_jobs;
GRANT UPDATE (state, ended_on, end_reason) ON purchase_contract TO yinling_app, yinling_jobs;
GRANT UPDATE (planned_fen) ON purchase_budget TO yinling_app, yinling_jobs;
GRANT UPDATE (unit_fen) ON purchase_price TO yinling_app, yinling_jobs;

-- Who buys sees what her money paid for, wherever the provider has its seat.
DROP POLICY IF EXISTS settlement_line_of_its_buyer ON settlement_line;
CREATE POLICY settlement_line_of_its_buyer ON settlement_line FOR SELECT TO yinling_app
  USING (contract_id IS NOT NULL AND contract_id IN (
    SELECT id FROM purchase_contract WHERE area_code BETWEEN (SELECT acting_lo()) AND (SELECT acting_hi())));

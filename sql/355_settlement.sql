-- A closed month is closed for everybody; lines and entries are written once; a prepaid balance moves by its entries.

CREATE OR REPLACE FUNCTION guard_settlement() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  IF OLD.state = 'closed' THEN
    RAISE EXCEPTION 'settlement % is closed', OLD.id USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_closed_is_final_check';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER settlement_closed_is_final BEFORE UPDATE OR DELETE ON settlement
  FOR EACH ROW EXECUTE FUNCTION guard_settlement();

-- A line waits for whoever is closing the month, and is refused when that was quicker.
CREATE OR REPLACE FUNCTION guard_settlement_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  s settlement;
BEGIN
  SELECT * INTO s FROM settlement WHERE id = NEW.settlement_id FOR NO KEY UPDATE;
  IF s.state = 'closed' THEN
    RAISE EXCEPTION 'settlement % is closed', s.id USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_closed_is_final_check';
  END IF;
  IF s.provider_id <> NEW.provider_id OR s.area_code <> NEW.area_code THEN
    RAISE EXCEPTION 'a line belongs to its own provider' USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_line_of_its_provider_check';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION guard_settlement_line() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER settlement_line_of_an_open_month BEFORE INSERT ON settlement_line
  FOR EACH ROW EXECUTE FUNCTION guard_settlement_line();

CREATE OR REPLACE FUNCTION move_prepaid() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  a prepaid_account;
BEGIN
  SELECT * INTO a FROM prepaid_account WHERE id = NEW.account_id FOR UPDATE;
  IF a.elder_id <> NEW.elder_id OR a.area_code <> NEW.area_code OR (a.left_on IS NOT NULL AND NEW.kind = 'deposit') THEN
    RAISE EXCEPTION 'no such account to pay into' USING ERRCODE = 'check_violation', CONSTRAINT = 'prepaid_entry_of_its_account_check';
  END IF;
  UPDATE prepaid_account SET balance_fen = balance_fen + CASE NEW.kind WHEN 'deposit' THEN NEW.amount_fen ELSE -NEW.amount_fen END
    WHERE id = a.id RETURNING balance_fen INTO NEW.balance_fen;
  RETURN NEW;
END
$$;
ALTER FUNCTION move_prepaid() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER prepaid_entry_moves BEFORE INSERT ON prepaid_entry FOR EACH ROW EXECUTE FUNCTION move_prepaid();

CREATE OR REPLACE FUNCTION start_prepaid() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$ BEGIN NEW.balance_fen := 0; RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER prepaid_account_starts_empty BEFORE INSERT ON prepaid_account
  FOR EACH ROW EXECUTE FUNCTION start_prepaid();

REVOKE UPDATE, DELETE, TRUNCATE ON settlement_line, prepaid_entry FROM yinling_app, yinling_jobs;
REVOKE UPDATE ON settlement, settlement_hold, prepaid_account FROM yinling_app, yinling_jobs;
GRANT UPDATE (state, lines, government_fen, insurance_fen, voucher_fen, self_fen, lines_hash, drawn_at, closed_at, closed_by)
  ON settlement TO yinling_app, yinling_jobs;
GRANT UPDATE (released_at, released_by) ON settlement_hold TO yinling_app, yinling_jobs;
GRANT UPDATE (left_on, refund_due_on) ON prepaid_account TO yinling_app, yinling_jobs;

SELECT guard_rows('settlement', '{office} OR provider_id = {providers}');
SELECT guard_rows('settlement_line', '{office} OR provider_id = {providers}');
SELECT guard_rows('settlement_hold', '{office} OR provider_id = {providers}');
SELECT guard_rows('prepaid_account', '{office} OR provider_id = {providers} OR elder_id = {elders}');
SELECT guard_rows('prepaid_entry', '{office} OR elder_id = {elders} OR account_id IN (SELECT id FROM prepaid_account)');
SELECT write_once('settlement_line', 'prepaid_entry');

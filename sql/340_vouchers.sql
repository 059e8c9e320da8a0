-- A voucher's money moves by one row of voucher_move, written once; nobody updates the amounts themselves.
-- issued = available + reserved + captured + lapsed is a CHECK of the table; this trigger locks and moves.

CREATE OR REPLACE FUNCTION start_voucher() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  NEW.available_fen := NEW.issued_fen;
  NEW.reserved_fen := 0; NEW.captured_fen := 0; NEW.lapsed_fen := 0; NEW.lapsed_at := NULL;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER voucher_starts_whole BEFORE INSERT ON voucher
  FOR EACH ROW EXECUTE FUNCTION start_voucher();

CREATE OR REPLACE FUNCTION start_voucher_use() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$
BEGIN
  NEW.amount_fen := 0; NEW.open_fen := 0; NEW.captured_fen := 0; NEW.released_fen := 0;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER voucher_use_starts_empty BEFORE INSERT ON voucher_use
  FOR EACH ROW EXECUTE FUNCTION start_voucher_use();

CREATE OR REPLACE FUNCTION refuse_voucher(why text, rule text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS
$$ BEGIN RAISE EXCEPTION '%', why USING ERRCODE = 'check_violation', CONSTRAINT = rule; END $$;

CREATE OR REPLACE FUNCTION check_voucher_reserve(v voucher, u voucher_use, on_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF NOT v.during @> on_day OR v.lapsed_at IS NOT NULL OR u.service_day <> on_day THEN
    PERFORM refuse_voucher(format('voucher %s is not good on %s', v.id, on_day), 'voucher_in_its_period_check');
  END IF;
  IF v.single_use AND EXISTS (
      SELECT FROM voucher_use WHERE voucher_id = v.id AND id <> u.id AND open_fen + captured_fen > 0) THEN
    PERFORM refuse_voucher(format('voucher %s is used once only', v.id), 'voucher_single_use_check');
  END IF;
END
$$;

-- Lock the voucher, then the order's part of it; a second hand waits here and then sees what the first one left.
-- BEFORE INSERT: the foreign key's own share lock would come first otherwise, and two hands would deadlock.
CREATE OR REPLACE FUNCTION move_voucher() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  v voucher;
  u voucher_use;
  fen bigint := NEW.amount_fen;
  gone bigint := 0;  -- what comes back too late to be used again
BEGIN
  IF fen < 0 THEN
    PERFORM refuse_voucher('an amount is never negative', 'voucher_move_amount_check');
  END IF;
  SELECT * INTO v FROM voucher WHERE id = NEW.voucher_id FOR UPDATE;
  IF v.id IS NULL OR v.elder_id <> NEW.elder_id OR v.area_code <> NEW.area_code THEN
    PERFORM refuse_voucher('no such voucher of this elder', 'voucher_move_of_the_elder_check');
  END IF;
  IF NEW.use_id IS NOT NULL THEN
    SELECT * INTO u FROM voucher_use WHERE id = NEW.use_id AND voucher_id = v.id FOR UPDATE;
    IF u.id IS NULL THEN
      PERFORM refuse_voucher('no such use of this voucher', 'voucher_move_for_an_order_check');
    END IF;
  END IF;
  IF NEW.kind IN ('release', 'refund') AND v.lapsed_at IS NOT NULL THEN
    gone := fen;
  END IF;
  CASE NEW.kind
    WHEN 'reserve' THEN
      PERFORM check_voucher_reserve(v, u, NEW.service_day);
      UPDATE voucher SET available_fen = available_fen - fen, reserved_fen = reserved_fen + fen WHERE id = v.id;
      UPDATE voucher_use SET amount_fen = amount_fen + fen, open_fen = open_fen + fen WHERE id = u.id;
    WHEN 'capture' THEN
      UPDATE voucher_use SET open_fen = open_fen - fen, captured_fen = captured_fen + fen WHERE id = u.id;
      UPDATE voucher SET reserved_fen = reserved_fen - fen, captured_fen = captured_fen + fen WHERE id = v.id;
    WHEN 'release' THEN
      UPDATE voucher_use SET open_fen = open_fen - fen, released_fen = released_fen + fen WHERE id = u.id;
      UPDATE voucher SET reserved_fen = reserved_fen - fen, available_fen = available_fen + fen - gone,
        lapsed_fen = lapsed_fen + gone WHERE id = v.id;
    WHEN 'refund' THEN
      UPDATE voucher_use SET captured_fen = captured_fen - fen, released_fen = released_fen + fen WHERE id = u.id;
      UPDATE voucher SET captured_fen = captured_fen - fen, available_fen = available_fen + fen - gone,
        lapsed_fen = lapsed_fen + gone WHERE id = v.id;
    WHEN 'elsewhere' THEN
      UPDATE voucher SET available_fen = available_fen - fen, captured_fen = captured_fen + fen WHERE id = v.id;
    WHEN 'lapse' THEN
      fen := v.available_fen;
      NEW.amount_fen := fen;
      UPDATE voucher SET available_fen = available_fen - fen, lapsed_fen = lapsed_fen + fen,
        lapsed_at = coalesce(lapsed_at, NEW.recorded_at) WHERE id = v.id;
    ELSE
      PERFORM refuse_voucher('no such movement', 'voucher_move_kind_check');
  END CASE;
  RETURN NEW;
END
$$;
ALTER FUNCTION check_voucher_reserve(voucher, voucher_use, date) OWNER TO yinling_definer;
ALTER FUNCTION move_voucher() OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION check_voucher_reserve(voucher, voucher_use, date) FROM PUBLIC;
CREATE OR REPLACE TRIGGER voucher_move_moves BEFORE INSERT ON voucher_move
  FOR EACH ROW EXECUTE FUNCTION move_voucher();
SELECT write_once('voucher_move');

-- The house issues; an elder's side and her office reserve, use and give back; nobody writes amounts.
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON voucher, voucher_difference FROM yinling_app;
REVOKE UPDATE, DELETE, TRUNCATE ON voucher, voucher_use, voucher_move FROM yinling_app, yinling_jobs;

SELECT guard_rows('voucher', '{office} OR elder_id = {elders}');
SELECT guard_rows('voucher_use', '{office} OR elder_id = {elders}');
SELECT guard_rows('voucher_difference', '{office} OR elder_id = {elders}');
SELECT guard_rows('voucher_move',
  '{office} OR elder_id = {elders}',
  '({office} OR elder_id = {elders}) AND kind IN (''reserve'', ''capture'', ''release'')');

-- Rules that hold when somebody types SQL.

SELECT write_once('act', 'order_event', 'payment_event', 'visit_attempt', 'rating', 'city_pack_version');

-- Government money of one month never exceeds the entitlement's cap, however many orders race for it.
CREATE OR REPLACE FUNCTION guard_entitlement_cap() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  cap bigint;
  used bigint;
BEGIN
  SELECT monthly_cap_fen INTO cap FROM entitlement WHERE id = NEW.entitlement_id FOR UPDATE;
  SELECT COALESCE(sum(amount_fen), 0) INTO used FROM entitlement_use
    WHERE entitlement_id = NEW.entitlement_id AND month = NEW.month AND state <> 'released' AND id <> NEW.id;
  IF NEW.state <> 'released' AND used + NEW.amount_fen > cap THEN
    RAISE EXCEPTION 'entitlement % has % fen left in %, % were asked', NEW.entitlement_id, cap - used, NEW.month, NEW.amount_fen
      USING ERRCODE = 'check_violation', CONSTRAINT = 'entitlement_use_month_cap_check';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION guard_entitlement_cap() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER entitlement_use_month_cap BEFORE INSERT OR UPDATE ON entitlement_use
  FOR EACH ROW EXECUTE FUNCTION guard_entitlement_cap();

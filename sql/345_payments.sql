-- Refunds stay within what was taken; notices are stored once and read by the house only; books have their readers.

CREATE OR REPLACE FUNCTION guard_refund() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  taken bigint;
  asked bigint;
BEGIN
  IF NEW.reason = 'at_gateway' THEN
    RETURN NEW;  -- somebody did it there: the books say what happened, whatever we would have allowed
  END IF;
  SELECT captured_fen INTO taken FROM payable WHERE id = NEW.payable_id FOR NO KEY UPDATE;
  SELECT COALESCE(sum(amount_fen), 0) INTO asked FROM payable_refund
    WHERE payable_id = NEW.payable_id AND state <> 'failed';
  IF asked + NEW.amount_fen > taken THEN
    RAISE EXCEPTION 'payable % has % fen taken, % given back, % more asked', NEW.payable_id, taken, asked, NEW.amount_fen
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payable_refund_within_captured_check';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION guard_refund() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER payable_refund_within_captured BEFORE INSERT ON payable_refund
  FOR EACH ROW EXECUTE FUNCTION guard_refund();

-- Of a refund only its fate changes; of a difference only its explanation; a comparison never.
REVOKE UPDATE ON payable_refund, payment_dispute, reconciliation_difference FROM yinling_app, yinling_jobs;
GRANT UPDATE (state, gateway_reference, updated_at) ON payable_refund TO yinling_app, yinling_jobs;
GRANT UPDATE (state, closed_at) ON payment_dispute TO yinling_jobs;
GRANT UPDATE (explained_at, explained_by, explanation) ON reconciliation_difference TO yinling_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON reconciliation FROM yinling_app;
REVOKE INSERT ON reconciliation_difference, payment_dispute FROM yinling_app;
REVOKE UPDATE, DELETE, TRUNCATE ON reconciliation FROM yinling_jobs;
REVOKE SELECT, UPDATE ON gateway_notice FROM yinling_app;
GRANT SELECT (id, gateway, event_id) ON gateway_notice TO yinling_app;
REVOKE UPDATE ON gateway_notice FROM yinling_jobs;
GRANT UPDATE (heard_at, outcome) ON gateway_notice TO yinling_jobs;

SELECT guard_rows('payable_refund', '{office} OR payable_id IN (SELECT id FROM payable)');
SELECT guard_rows('payment_dispute', '{office} OR payable_id IN (SELECT id FROM payable)');
SELECT guard_rows('reconciliation_difference', '{office}');

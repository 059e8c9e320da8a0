-- Remedies of gaps are public facts about areas, written by the office of the area; only their withdrawal comes later, once.
SELECT guard_rows('gap_remedy', 'true'), guard_writing('gap_remedy', '{office}', 'INSERT', 'UPDATE');
REVOKE UPDATE, DELETE, TRUNCATE ON gap_remedy FROM yinling_app, yinling_jobs;
GRANT UPDATE (withdrawn_at, withdrawn_by, withdrawn_reason) ON gap_remedy TO yinling_app, yinling_jobs;
CREATE OR REPLACE TRIGGER gap_remedy_done_once BEFORE UPDATE ON gap_remedy
  FOR EACH ROW EXECUTE FUNCTION guard_done_once('withdrawn_at');

-- What an office tries out: its own, and what an office within reach of its eyes has shared. Steps follow their scenario.
SELECT guard_rows('scenario',
  '{office} AND (created_by = {me} OR shared_at IS NOT NULL)',
  '{office} AND created_by = {me}');
SELECT guard_rows('scenario_change',
  'EXISTS (SELECT FROM scenario AS s WHERE s.id = scenario_id)',
  'EXISTS (SELECT FROM scenario AS s WHERE s.id = scenario_id AND s.created_by = {me})');
SELECT guard_rows('siting_run', '{office} AND asked_by = {me}', '{office} AND asked_by = {me}');
-- A step stays what it was; only the moment it was taken back is written later. An answer is the job's to write.
REVOKE UPDATE ON scenario_change, siting_run FROM yinling_app;
GRANT UPDATE (undone_at) ON scenario_change TO yinling_app;
GRANT UPDATE (state, answer, progress, finished_at, network_version_id, rules_version_id) ON siting_run TO yinling_app;

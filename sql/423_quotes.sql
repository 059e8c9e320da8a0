-- A quote is written once; only the order it was used for is added.
REVOKE UPDATE, DELETE, TRUNCATE ON quote FROM yinling_app, yinling_jobs;
GRANT UPDATE (used_order_id, used_at) ON quote TO yinling_app, yinling_jobs;
SELECT guard_rows('quote', '{office} OR elder_id = {elders}');

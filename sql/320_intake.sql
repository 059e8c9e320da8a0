-- Lists taken in. An office sees the runs and the waiting rows of its own area; an administrator sees those of
-- every list but the elders' (duties are apart). Requests hand a list in and mend a row; jobs write the register.

SELECT guard_rows('import_run', '{office} OR (kind <> ''elders'' AND (SELECT is_administrator()))');
SELECT guard_rows('import_row', '{office} OR (kind <> ''elders'' AND (SELECT is_administrator()))');

REVOKE INSERT ON import_row FROM yinling_app;
REVOKE INSERT, UPDATE ON building FROM yinling_app;

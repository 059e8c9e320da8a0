-- Visits of care: grids and their workers, tasks with who goes, purchases, leave. Who sees what, and what nobody may change.

-- The open visit tasks she goes on: they let her know the elder, and only while they are open.
CREATE OR REPLACE FUNCTION linked_tasks() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  RETURN array(
    SELECT t.id FROM visit_task_actor a JOIN visit_task t ON t.id = a.task_id
    WHERE a.person_id = acting_person() AND a.until IS NULL AND t.state = 'open');
END
$$;
SELECT let_look_past('linked_tasks()');

-- Who stands beside an elder, by name: for an office of her area, which sees the proxy and not always the person behind it.
CREATE OR REPLACE FUNCTION contacts_of_elder(asked bigint) RETURNS TABLE (full_name text, relation text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT p.full_name, x.relation FROM proxy x JOIN person p ON p.id = x.proxy_person_id JOIN elder e ON e.person_id = x.elder_id
  WHERE x.elder_id = asked AND x.state = 'confirmed' AND p.died_on IS NULL
    AND (e.area_code BETWEEN acting_lo() AND acting_hi() OR asked = ANY (linked_elders()))
  ORDER BY x.confirmed_at, x.id
$$;
SELECT let_look_past('contacts_of_elder(bigint)');

SELECT guard_rows('visit_grid', '{office} OR id IN (SELECT grid_id FROM visit_task)');
SELECT guard_rows('grid_worker', '{office} OR person_id = {me}');
SELECT guard_rows('visit_purchase',
                  '{office} OR id IN (SELECT purchase_id FROM visit_task) OR provider_id = {providers}');
SELECT guard_rows('visit_task', '{office} OR id = ANY ((SELECT linked_tasks())::bigint[])');
SELECT guard_rows('visit_task_actor', '{office} OR task_id = ANY ((SELECT linked_tasks())::bigint[])');
-- every office may read who is away: a door is handed over across areas
SELECT guard_rows('absence', '(SELECT acting_lo()) IS NOT NULL OR person_id = {me}');
SELECT guard_writing(guarded, '{office}', 'INSERT', 'UPDATE')
FROM unnest(ARRAY['visit_grid', 'grid_worker', 'visit_purchase', 'visit_task', 'visit_task_actor']) AS t (guarded);
SELECT guard_writing('absence', '{office} OR person_id = {me}', 'INSERT', 'UPDATE');

-- Dated rows are ended, not written over: these columns are all a request may change.
REVOKE INSERT, UPDATE ON visit_actor_kind FROM yinling_app;
REVOKE UPDATE ON visit_grid, grid_worker, visit_purchase, visit_task, visit_task_actor, absence FROM yinling_app;
GRANT UPDATE (ended_on) ON visit_grid, grid_worker TO yinling_app;
GRANT UPDATE (state, attempt_id, settled_at) ON visit_task TO yinling_app;
GRANT UPDATE (until) ON visit_task_actor TO yinling_app;
GRANT UPDATE (cancelled_at) ON absence TO yinling_app;

-- A task is seen only by a contact of its own elder that met her: silence closes none, whoever writes.
CREATE OR REPLACE FUNCTION guard_visit_task() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  IF NOT EXISTS (SELECT FROM visit_attempt a WHERE a.id = NEW.attempt_id AND a.elder_id = NEW.elder_id
                   AND a.outcome IN ('seen', 'spoken')) THEN
    RAISE EXCEPTION 'task % is seen by a contact with its elder only', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'visit_task_seen_by_a_contact_check';
  END IF;
  RETURN NEW;
END
$$;
ALTER FUNCTION guard_visit_task() OWNER TO yinling_definer;
CREATE OR REPLACE TRIGGER visit_task_seen_by_a_contact BEFORE INSERT OR UPDATE ON visit_task
  FOR EACH ROW WHEN (NEW.state = 'seen') EXECUTE FUNCTION guard_visit_task();

-- Derived by jobs, read by requests: where doors meet the street, who reaches what, and how that stood on a day.
DO $$
DECLARE
  derived text;
BEGIN
  FOREACH derived IN ARRAY ARRAY[
    'reach', 'facility_snap', 'home_snap', 'elder_reach', 'elder_reach_past', 'reach_run', 'reach_fill', 'reach_part',
    'demand_source', 'demand_point', 'demand_snap', 'demand_reach', 'demand_reach_past', 'coverage_snapshot',
    'access_run', 'access_facility', 'access_area', 'open_coverage'
  ] LOOP
    CONTINUE WHEN to_regclass('public.' || derived) IS NULL;
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %I FROM yinling_app', derived);
    EXECUTE format('GRANT DELETE ON %I TO yinling_jobs', derived);
  END LOOP;
END
$$;

-- Past judgements follow the elder; counts of a community follow the office: a small one says something of each.
SELECT guard_rows('home_snap', '{office} OR person_id = {people}');
SELECT guard_rows('elder_reach', '{office} OR person_id = {people}');
SELECT guard_rows('elder_reach_past', '{office} OR person_id = {people}');
SELECT guard_rows('coverage_snapshot', '{office} OR source = ''administrative''');
SELECT guard_rows('access_area', '{office}');

-- How many beds of each of a city's facilities are taken on a day: counts only, for anybody who looks for room.
CREATE OR REPLACE FUNCTION occupied_beds(lo bigint, hi bigint, on_day date)
RETURNS TABLE (facility_id bigint, occupied bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT b.facility_id, count(*) FROM bed b JOIN bed_stay s ON s.bed_id = b.id AND s.during @> on_day
  WHERE b.area_code BETWEEN lo AND hi AND b.kind <> 'home' AND (b.closed_on IS NULL OR b.closed_on > on_day)
  GROUP BY b.facility_id
$$;
ALTER FUNCTION occupied_beds(bigint, bigint, date) OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION occupied_beds(bigint, bigint, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION occupied_beds(bigint, bigint, date) TO yinling_app, yinling_jobs, yinling_definer;

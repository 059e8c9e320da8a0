-- Who is near an elder's door with all that decides whether they can come, in one statement (services/matching/nearest.py).
-- It looks with the caller's eyes: the elder, her door, her wish and her rights stand behind their policies; hands and
-- places are counted by the reviewed function provider_facts. The plan is kept with the connection: planning
-- such a statement anew takes ten times as long as running it, and LIMIT as a parameter makes PostgreSQL do so for ever.
CREATE OR REPLACE FUNCTION who_is_near(
  asked_elder bigint, asked_service text, skills_needed text[], asked_day date,
  asked_start timestamptz, asked_end timestamptz, rated_since timestamptz, already_asked bigint[],
  asked_first bigint, asked_last bigint, asked_most bigint, asked_by_area boolean,
  asked_detour float8, asked_speed float8, asked_profile text, asked_limit float8,
  asked_per_m float8, asked_steps float8, asked_step_free boolean)
RETURNS TABLE (
  provider_id bigint, facility_id bigint, price_fen bigint, max_travel_seconds bigint, slot_capacity bigint, weekdays text[],
  from_hour integer, to_hour integer, active boolean, provider_name text, provider_code text, grade integer,
  blocked_at timestamptz, status text, facility_area_code bigint, lat float8, degrees float8,
  walk_seconds float8, walk_estimated boolean, skilled bigint, free bigint, booked bigint, waiting bigint,
  mean_face numeric, ratings bigint, wished bigint, known bigint, load bigint, gender text,
  languages text[], must boolean, carer_id bigint, carer_name text, has_rights boolean, has_vouchers boolean, farthest bigint,
  credit_level text, credit_match_percent integer)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET plan_cache_mode = force_generic_plan AS
$$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH mine AS MATERIALIZED (
    SELECT p.home, s.network_version_id, s.edge_id, s.fraction, s.distance_m, s.u, s.v,
           s.edge_m * asked_per_m
             * CASE WHEN s.edge_is_steps THEN asked_steps ELSE 1 END AS edge_cost
    FROM person AS p
    LEFT JOIN (home_snap AS s JOIN geo.network_version AS n ON n.id = s.network_version_id AND n.active)
      ON s.person_id = p.id AND s.step_free = asked_step_free
    WHERE p.id = asked_elder
  ), wish AS MATERIALIZED (
    SELECT w.gender, w.languages, w.must, w.carer_id, c.display_name AS carer_name
    FROM carer_wish AS w LEFT JOIN carer AS c ON c.person_id = w.carer_id WHERE w.elder_id = asked_elder
  ), near AS MATERIALIZED (
    SELECT site.*, door.home
    FROM (SELECT (SELECT home FROM mine LIMIT 1) AS home) AS door
    CROSS JOIN LATERAL (
      SELECT l.provider_id, l.facility_id, l.price_fen, l.max_travel_seconds, l.slot_capacity, l.weekdays, l.from_hour,
             l.to_hour, l.active, p.name AS provider_name, p.code AS provider_code, p.grade, p.blocked_at,
             p.credit_level, p.credit_match_percent, f.status, f.area_code AS facility_area_code, f.geom, f.geom <-> door.home AS degrees
      FROM facility AS f
      JOIN service_line AS l ON l.facility_id = f.id AND l.service_code = asked_service
      JOIN provider AS p ON p.id = l.provider_id
      WHERE f.area_code BETWEEN asked_first AND asked_last
        AND l.provider_id <> ALL (already_asked)
      ORDER BY f.geom <-> door.home
      LIMIT asked_most
    ) AS site
  ), ways AS (
    SELECT r.facility_id, r.cost + h.distance_m * asked_per_m + ends.part * h.edge_cost AS cost
    FROM mine AS h
    CROSS JOIN LATERAL (VALUES (h.u, h.fraction), (h.v, 1 - h.fraction)) AS ends (node_id, part)
    JOIN reach AS r
      ON r.network_version_id = h.network_version_id AND r.profile = asked_profile AND r.node_id = ends.node_id
     AND r.cost <= asked_limit
    UNION ALL
    SELECT f.facility_id, (f.distance_m + h.distance_m) * asked_per_m + abs(f.fraction - h.fraction) * h.edge_cost
    FROM mine AS h
    JOIN facility_snap AS f ON f.network_version_id = h.network_version_id AND f.edge_id = h.edge_id
     AND f.step_free = asked_step_free
  ), reached AS (
    SELECT facility_id, min(cost) AS cost FROM ways GROUP BY facility_id HAVING min(cost) <= asked_limit
  ), walked AS MATERIALIZED (
    SELECT near.*, reached.cost IS NULL AS walk_estimated, ST_Y(near.home) AS lat,
           CASE WHEN reached.cost IS NOT NULL THEN round(reached.cost)
                ELSE GREATEST(
                  round(ST_Distance(near.geom::geography, near.home::geography) * asked_detour / asked_speed),
                  CASE WHEN EXISTS (
                         SELECT FROM mine AS h JOIN facility_snap AS d ON d.network_version_id = h.network_version_id
                         WHERE h.edge_id IS NOT NULL AND d.facility_id = near.facility_id AND d.edge_id IS NOT NULL)
                       THEN asked_limit + 1 END)
           END AS walk_seconds
    FROM near LEFT JOIN reached ON reached.facility_id = near.facility_id
  ), asked AS (
    SELECT array_agg(provider_id) AS ids FROM walked
    WHERE active AND blocked_at IS NULL AND status = 'open'
      AND (asked_by_area OR walk_seconds <= max_travel_seconds)
  )
  SELECT w.provider_id, w.facility_id, w.price_fen, w.max_travel_seconds, w.slot_capacity, w.weekdays, w.from_hour,
         w.to_hour, w.active, w.provider_name, w.provider_code, w.grade, w.blocked_at, w.status, w.facility_area_code,
         w.lat, w.degrees, w.walk_seconds, w.walk_estimated,
         facts.skilled, facts.free, facts.booked, facts.waiting, facts.mean_face, facts.ratings,
         facts.wished, facts.known, facts.load, wish.gender, wish.languages, wish.must, wish.carer_id, wish.carer_name,
         EXISTS (SELECT FROM entitlement e
                 WHERE e.elder_id = asked_elder AND e.during @> asked_day) AS has_rights,
         EXISTS (SELECT FROM voucher v WHERE v.elder_id = asked_elder
                 AND v.during @> asked_day AND v.lapsed_at IS NULL) AS has_vouchers,
         (SELECT max(far.max_travel_seconds) FROM service_line AS far WHERE far.service_code = asked_service) AS farthest,
         w.credit_level, w.credit_match_percent
  FROM walked AS w
  LEFT JOIN (
    SELECT t.* FROM asked CROSS JOIN LATERAL provider_facts(
      asked.ids, asked_service, skills_needed, asked_day, tstzrange(asked_start, asked_end), rated_since, asked_elder,
      (SELECT gender FROM wish), COALESCE((SELECT languages FROM wish), '{}')) AS t
  ) AS facts ON facts.provider_id = w.provider_id
  LEFT JOIN wish ON true
  ORDER BY w.degrees NULLS LAST, w.provider_id;
END
$$;
REVOKE ALL ON FUNCTION who_is_near(bigint, text, text[], date, timestamptz, timestamptz, timestamptz, bigint[], bigint, bigint, bigint, boolean, float8, float8, text, float8, float8, float8, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION who_is_near(bigint, text, text[], date, timestamptz, timestamptz, timestamptz, bigint[], bigint, bigint, bigint, boolean, float8, float8, text, float8, float8, float8, boolean) TO yinling_app, yinling_jobs;

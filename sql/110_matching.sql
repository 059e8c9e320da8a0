-- What matching must know of providers without seeing anybody: counts and means only, for many at once.
-- `skilled` carers hold every skill (and a certificate valid on the day, when a skill is asked); `free` ones of
-- them are promised nowhere in the window; `booked` orders hold a place; `waiting` ones have no carer yet.
CREATE OR REPLACE FUNCTION slot_facts(
  asked_providers bigint[], asked_service text, skills_needed text[], on_day date, asked tstzrange,
  rated_since timestamptz)
RETURNS TABLE (provider_id bigint, skilled bigint, free bigint, booked bigint, waiting bigint,
               mean_face numeric, ratings bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT asked_one.provider_id, hands.skilled, hands.free, places.booked, places.waiting, faces.mean_face, faces.ratings
  FROM unnest(asked_providers) AS asked_one (provider_id)
  CROSS JOIN LATERAL (
    SELECT count(*) AS skilled,
           count(*) FILTER (WHERE NOT EXISTS (
             SELECT FROM assignment a
             WHERE a.carer_id = c.person_id AND a.state = 'planned' AND a.during && asked)) AS free
    FROM carer c
    WHERE c.provider_id = asked_one.provider_id AND c.skills @> skills_needed
      AND (c.left_on IS NULL OR c.left_on > on_day)
      AND (cardinality(skills_needed) = 0 OR c.certificate_valid_until >= on_day)
  ) AS hands
  CROSS JOIN LATERAL (
    SELECT count(*) AS booked, count(*) FILTER (WHERE o.state = 'accepted') AS waiting
    FROM care_order o
    WHERE o.provider_id = asked_one.provider_id AND o.service_code = asked_service
      AND o.state IN ('accepted', 'assigned', 'in_service')
      AND o.starts_at < upper(asked) AND o.ends_at > lower(asked)
      AND o.starts_at > lower(asked) - interval '12 hours'  -- no window is longer; keeps the index scan short
  ) AS places
  CROSS JOIN LATERAL (
    SELECT round(avg(r.face), 2) AS mean_face, count(*) AS ratings
    FROM rating r WHERE r.provider_id = asked_one.provider_id AND r.rated_at >= rated_since
  ) AS faces
$$;
ALTER FUNCTION slot_facts(bigint[], text, text[], date, tstzrange, timestamptz) OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION slot_facts(bigint[], text, text[], date, tstzrange, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION slot_facts(bigint[], text, text[], date, tstzrange, timestamptz)
  TO yinling_app, yinling_jobs, yinling_definer;

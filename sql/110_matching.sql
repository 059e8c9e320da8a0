-- Does a personnel file prove every skill on a day? A certificate without named skills proves all the register names.
CREATE OR REPLACE FUNCTION file_proves(asked bigint, skills_needed text[], on_day date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT NOT EXISTS (
    SELECT FROM unnest(skills_needed) AS needed (skill)
    WHERE NOT EXISTS (SELECT FROM carer_certificate f
                      WHERE f.carer_id = asked AND f.withdrawn_at IS NULL AND on_day BETWEEN f.valid_from AND f.valid_until
                        AND (cardinality(f.covers) = 0 OR needed.skill = ANY (f.covers))))
$$;

ALTER FUNCTION file_proves(bigint, text[], date) OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION file_proves(bigint, text[], date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION file_proves(bigint, text[], date) TO yinling_app, yinling_jobs, yinling_definer;

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
      AND (cardinality(skills_needed) = 0 OR (c.certificate_valid_until >= on_day
           AND (NOT c.file_kept OR file_proves(c.person_id, skills_needed, on_day))))
      AND NOT EXISTS (SELECT FROM blacklist_entry b WHERE b.carer_id = c.person_id AND b.lifted_at IS NULL)
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
      -- a rating the provider may not read yet is not told by its mean either; `rated_since` is a year ago
      AND (r.opens_at IS NULL OR r.opens_at <= rated_since + interval '365 days'
           OR EXISTS (SELECT FROM rating_reveal v WHERE v.order_id = r.order_id))
  ) AS faces
$$;
ALTER FUNCTION slot_facts(bigint[], text, text[], date, tstzrange, timestamptz) OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION slot_facts(bigint[], text, text[], date, tstzrange, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION slot_facts(bigint[], text, text[], date, tstzrange, timestamptz)
  TO yinling_app, yinling_jobs, yinling_definer;

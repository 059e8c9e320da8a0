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
-- them are promised nowhere in the window, `wished` ones are free and as the elder wishes; `booked` orders hold a place;
-- `waiting` ones have no carer yet; `known`: how often the provider served her in the last year (told only to who may
-- see her); `load`: orders of the last 30 days per hundred of its carers.
-- In plpgsql, whose plan stays with the connection: a definer function in SQL is planned anew at each call.
DROP FUNCTION IF EXISTS slot_facts(bigint[], text, text[], date, tstzrange, timestamptz);
DROP FUNCTION IF EXISTS wish_facts(bigint[], text[], date, tstzrange, bigint, text, text[]);
CREATE OR REPLACE FUNCTION provider_facts(
  asked_providers bigint[], asked_service text, skills_needed text[], on_day date, asked tstzrange,
  rated_since timestamptz, asked_elder bigint, wished_gender text, wished_languages text[])
RETURNS TABLE (provider_id bigint, skilled bigint, free bigint, booked bigint, waiting bigint,
               mean_face numeric, ratings bigint, wished bigint, known bigint, load bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
SET plan_cache_mode = force_generic_plan AS
$$
#variable_conflict use_column
DECLARE
  may_see boolean := session_user = 'yinling_jobs' OR asked_elder = ANY (linked_elders());
  wished_carer bigint := (
    SELECT w.carer_id FROM carer_wish w
    WHERE w.elder_id = asked_elder AND (may_see OR w.area_code BETWEEN acting_lo() AND acting_hi()));
BEGIN
  RETURN QUERY
  SELECT asked_one.provider_id, hands.skilled, hands.free, places.booked, places.waiting, faces.mean_face, faces.ratings,
         hands.wished, COALESCE(before.known, 0), lately.orders * 100 / GREATEST(1, hands.skilled)
  FROM unnest(asked_providers) AS asked_one (provider_id)
  CROSS JOIN LATERAL (
    SELECT count(*) AS skilled, count(*) FILTER (WHERE one.is_free) AS free,
           count(*) FILTER (WHERE one.is_free AND (wished_gender IS NULL OR one.gender = wished_gender)
             AND (wished_carer IS NULL OR one.person_id = wished_carer)
             AND (cardinality(wished_languages) = 0 OR EXISTS (
               SELECT FROM carer_language l WHERE l.carer_id = one.person_id AND l.language = ANY (wished_languages)))
           ) AS wished
    FROM (
      SELECT c.person_id, c.gender, NOT EXISTS (
               SELECT FROM assignment a
               WHERE a.carer_id = c.person_id AND a.state = 'planned' AND a.during && asked) AS is_free
      FROM carer c
      WHERE c.provider_id = asked_one.provider_id AND c.skills @> skills_needed
        AND (c.left_on IS NULL OR c.left_on > on_day)
        AND (cardinality(skills_needed) = 0 OR (c.certificate_valid_until >= on_day
             AND (NOT c.file_kept OR file_proves(c.person_id, skills_needed, on_day))))
        AND NOT EXISTS (SELECT FROM blacklist_entry b WHERE b.carer_id = c.person_id AND b.lifted_at IS NULL)
      OFFSET 0  -- so that each carer's promises are looked up once
    ) AS one
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
  CROSS JOIN LATERAL (
    SELECT count(*) AS orders FROM care_order o
    WHERE o.provider_id = asked_one.provider_id AND o.state <> 'cancelled'
      AND o.starts_at BETWEEN lower(asked) - interval '30 days' AND lower(asked)
  ) AS lately
  LEFT JOIN (
    SELECT o.provider_id, count(*) AS known FROM care_order o
    WHERE o.elder_id = asked_elder AND o.state IN ('served', 'confirmed')
      AND o.starts_at BETWEEN lower(asked) - interval '365 days' AND lower(asked)
      AND (may_see OR o.area_code BETWEEN acting_lo() AND acting_hi())
    GROUP BY o.provider_id
  ) AS before ON before.provider_id = asked_one.provider_id;
END
$$;
ALTER FUNCTION provider_facts(bigint[], text, text[], date, tstzrange, timestamptz, bigint, text, text[])
  OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION provider_facts(bigint[], text, text[], date, tstzrange, timestamptz, bigint, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION provider_facts(bigint[], text, text[], date, tstzrange, timestamptz, bigint, text, text[])
  TO yinling_app, yinling_jobs, yinling_definer;

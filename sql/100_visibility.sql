-- Who may see whom. The unit of work introduces the acting person (app.person_id) and the range of area
-- codes her office covers (app.lo .. app.hi); everything else is looked up here, not told by the caller.
-- Unset or empty settings give NULL, and NULL gives no rows.

CREATE OR REPLACE FUNCTION acting_person() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT NULLIF(current_setting('app.person_id', true), '')::bigint $$;

CREATE OR REPLACE FUNCTION acting_lo() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT NULLIF(current_setting('app.lo', true), '')::bigint $$;

CREATE OR REPLACE FUNCTION acting_hi() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT NULLIF(current_setting('app.hi', true), '')::bigint $$;

-- The four below are in plpgsql because PostgreSQL plans a definer function in SQL anew at each call, and these are
-- asked by every statement of somebody without an office; plpgsql keeps the plan with the connection.
-- The elders she speaks for: herself, and those who (or whose community) confirmed her as a proxy who may see.
CREATE OR REPLACE FUNCTION linked_elders() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  RETURN array(
    SELECT acting_person() WHERE acting_person() IS NOT NULL
    UNION
    SELECT elder_id FROM proxy
    WHERE proxy_person_id = acting_person() AND state = 'confirmed' AND 'view' = ANY (scopes)
      AND (expires_on IS NULL OR expires_on >= (now() AT TIME ZONE 'Asia/Shanghai')::date));
END
$$;

-- The providers for which she dispatches.
CREATE OR REPLACE FUNCTION linked_providers() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  RETURN array(
    SELECT provider_id FROM role_grant
    WHERE person_id = acting_person() AND role = 'dispatcher' AND revoked_at IS NULL);
END
$$;

-- The orders she works on: offered to, accepted by or holding a place at her provider, or assigned to her; 62 days back.
CREATE OR REPLACE FUNCTION linked_orders() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  RETURN array(
    SELECT order_id FROM offer
    WHERE provider_id = ANY ((SELECT linked_providers())::bigint[]) AND state IN ('open', 'accepted')
      AND offered_at > now() - interval '62 days'
    UNION
    SELECT order_id FROM place_booking
    WHERE provider_id = ANY ((SELECT linked_providers())::bigint[]) AND state <> 'released'
      AND booked_at > now() - interval '62 days'
    UNION
    SELECT order_id FROM assignment
    WHERE carer_id = acting_person() AND state <> 'cancelled' AND upper(during) > now() - interval '62 days');
END
$$;

CREATE OR REPLACE FUNCTION is_active_volunteer() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ SELECT EXISTS (SELECT FROM volunteer WHERE person_id = acting_person() AND left_on IS NULL) $$;

-- Does she administer accounts? Duties are apart: an administrator gives roles and sees no elder.
CREATE OR REPLACE FUNCTION is_administrator() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT EXISTS (SELECT FROM role_grant
                 WHERE person_id = acting_person() AND role = 'administrator' AND revoked_at IS NULL)
$$;

-- Everybody she has a reason to know by name: those above, and who stands on the other side of the door.
CREATE OR REPLACE FUNCTION linked_people() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
BEGIN
  RETURN array(
    SELECT unnest(linked_elders())
    -- an offer that is only open shows the order, not yet whose it is
    UNION SELECT elder_id FROM care_order
          WHERE id = ANY ((SELECT linked_orders())::bigint[]) AND state NOT IN ('placed', 'offering', 'unfilled')
    UNION SELECT elder_id FROM need WHERE taken_by = acting_person() AND ends_at > now() - interval '62 days'
    UNION SELECT elder_id FROM escalation WHERE in_charge_id = acting_person() AND closed_at IS NULL
    -- whoever goes on a visit task knows the elder while it is open, and who goes with her
    UNION SELECT elder_id FROM visit_task WHERE id = ANY ((SELECT linked_tasks())::bigint[])
    UNION SELECT person_id FROM visit_task_actor WHERE task_id = ANY ((SELECT linked_tasks())::bigint[]) AND until IS NULL
    UNION SELECT visitor_id FROM visit
          WHERE elder_id = ANY ((SELECT linked_elders())::bigint[]) AND planned_end > now() - interval '62 days'
    UNION SELECT carer_id FROM assignment
          WHERE elder_id = ANY ((SELECT linked_elders())::bigint[]) AND state <> 'cancelled'
            AND upper(during) > now() - interval '62 days'
    UNION SELECT person_id FROM carer WHERE provider_id = ANY ((SELECT linked_providers())::bigint[])
    UNION SELECT carer_id FROM assignment WHERE order_id = ANY ((SELECT linked_orders())::bigint[])
    UNION SELECT proxy_person_id FROM proxy WHERE elder_id = acting_person()
    -- who lives in her home, and who waits for a bed in it
    UNION SELECT elder_id FROM bed_stay
          WHERE provider_id = ANY ((SELECT linked_providers())::bigint[])
            AND (upper(during) IS NULL OR upper(during) > current_date - 62)
    UNION SELECT elder_id FROM bed_wait
          WHERE provider_id = ANY ((SELECT linked_providers())::bigint[]) AND ended_at IS NULL);
END
$$;

-- How many of a provider's carers are promised elsewhere at a time: counts only, for anybody who orders.
CREATE OR REPLACE FUNCTION busy_carers(asked_provider bigint, asked tstzrange) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT count(DISTINCT carer_id) FROM assignment
  WHERE provider_id = asked_provider AND state = 'planned' AND during && asked
$$;

-- How many carers of a provider hold every skill a service needs on that day: counts only.
CREATE OR REPLACE FUNCTION skilled_carers(asked_provider bigint, skills_needed text[], on_day date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT count(*) FROM carer
  WHERE provider_id = asked_provider AND skills @> skills_needed AND (left_on IS NULL OR left_on > on_day)
    AND (cardinality(skills_needed) = 0 OR (certificate_valid_until >= on_day
         AND (NOT file_kept OR NOT EXISTS (
           SELECT FROM unnest(skills_needed) AS needed (skill)
           WHERE NOT EXISTS (SELECT FROM carer_certificate f
                             WHERE f.carer_id = carer.person_id AND f.withdrawn_at IS NULL
                               AND on_day BETWEEN f.valid_from AND f.valid_until
                               AND (cardinality(f.covers) = 0 OR needed.skill = ANY (f.covers)))))))
$$;

-- How many orders a provider holds in a time span, so that a full slot is not sold twice: counts only.
CREATE OR REPLACE FUNCTION booked_orders(asked_provider bigint, asked_service text, asked tstzrange) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT count(*) FROM care_order
  WHERE provider_id = asked_provider AND service_code = asked_service
    AND state IN ('accepted', 'assigned', 'in_service') AND tstzrange(starts_at, ends_at) && asked
$$;

-- A provider's mean face over the last year and the number of ratings: what everybody may know.
CREATE OR REPLACE FUNCTION provider_rating(asked_provider bigint, OUT mean_face numeric, OUT ratings bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT round(avg(face), 2), count(*) FROM rating r
  WHERE provider_id = asked_provider
    AND (opens_at IS NULL OR EXISTS (SELECT FROM rating_reveal v WHERE v.order_id = r.order_id))
$$;

-- Sign-in happens before anybody is known: a session token's hash gives the person, her session and grants.
CREATE OR REPLACE FUNCTION find_session(asked_hash bytea, at_moment timestamptz)
RETURNS TABLE (session_id bigint, person_id bigint, kind text, full_name text, grants jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT s.id, s.person_id, s.kind, p.full_name,
    COALESCE((SELECT jsonb_agg(jsonb_build_object('role', g.role, 'area_code', g.area_code,
                                                  'provider_id', g.provider_id) ORDER BY g.id)
              FROM role_grant g WHERE g.person_id = s.person_id AND g.revoked_at IS NULL), '[]'::jsonb)
  FROM sign_in_session s JOIN person p ON p.id = s.person_id
  WHERE s.token_hash = asked_hash AND s.revoked_at IS NULL AND s.expires_at > at_moment AND p.died_on IS NULL;
END
$$;

-- The person behind a phone's keyed hash; used once a one-time code was proved.
CREATE OR REPLACE FUNCTION find_person_by_phone(asked_hash bytea) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ SELECT id FROM person WHERE phone_hash = asked_hash AND died_on IS NULL $$;

-- The elder a relative names by ID number and full name together; no other fact is given away.
CREATE OR REPLACE FUNCTION find_elder_to_bind(asked_hash bytea, asked_name text)
RETURNS TABLE (elder_id bigint, area_code bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT p.id, p.area_code FROM person p JOIN elder e ON e.person_id = p.id
  WHERE p.id_number_hash = asked_hash AND p.full_name = asked_name AND p.died_on IS NULL
$$;

-- A binding card is used once: the first scan gets the elder, a second one nothing.
CREATE OR REPLACE FUNCTION use_binding_card(asked_hash bytea, at_moment timestamptz)
RETURNS TABLE (elder_id bigint, issued_by bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  UPDATE binding_card SET used_at = at_moment
  WHERE token_hash = asked_hash AND used_at IS NULL AND expires_at > at_moment
  RETURNING elder_id, issued_by
$$;

SELECT let_look_past(
  'linked_elders()', 'linked_providers()', 'linked_orders()', 'linked_people()', 'is_active_volunteer()', 'is_administrator()',
  'busy_carers(bigint, tstzrange)', 'skilled_carers(bigint, text[], date)',
  'booked_orders(bigint, text, tstzrange)', 'provider_rating(bigint)', 'find_session(bytea, timestamptz)',
  'find_person_by_phone(bytea)', 'find_elder_to_bind(bytea, text)', 'use_binding_card(bytea, timestamptz)');

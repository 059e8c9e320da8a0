-- Asked by disclose() and by the policies of sql/610_break_glass.sql, so it stands before them.
-- The elder whose record this transaction may read through broken glass: only after a look was written down in this very
-- transaction, under an opening of the acting person's own that has neither ended nor been closed.
CREATE OR REPLACE FUNCTION opened_elder() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
  opened bigint := NULLIF(current_setting('app.glass', true), '')::bigint;
BEGIN
  IF opened IS NULL OR acting_person() IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT g.elder_id FROM break_glass g
    WHERE g.id = opened AND g.asker_id = acting_person() AND g.closed_at IS NULL AND g.expires_at > house_now()
      AND EXISTS (SELECT FROM break_glass_reading r
                  WHERE r.glass_id = g.id AND r.tx = pg_current_xact_id_if_assigned()::text::bigint));
END
$$;
SELECT let_look_past('opened_elder()');

-- China's holidays as data: days off and weekend days worked instead. 2025 and 2026 as the State Council announced them
-- (compared day by day with the notices of 12 November 2024 and 4 November 2025); 2027 has only the days of the law,
-- `assumed`, until `bin/yinling holidays import FILE` brings the notice. A year that was announced stays as it is.
INSERT INTO holiday (day, kind, name_zh, name_en, source, assumed)
SELECT told.day::date, told.kind, told.name_zh, told.name_en, told.source, told.day >= '2027' FROM (VALUES
  ('2025-01-01', 'off', '元旦', 'New Year', '国办发明电〔2024〕12号'),
  ('2025-01-26', 'work', '春节', 'Spring Festival', '国办发明电〔2024〕12号'),
  ('2025-01-28', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号'),
  ('2025-01-29', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号'),
  ('2025-01-30', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号'),
  ('2025-01-31', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号'),
  ('2025-02-01', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号'),
  ('2025-02-02', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号'),
  ('2025-02-03', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号'),
  ('2025-02-04', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号'),
  ('2025-02-08', 'work', '春节', 'Spring Festival', '国办发明电〔2024〕12号'),
  ('2025-04-04', 'off', '清明节', 'Tomb-Sweeping Day', '国办发明电〔2024〕12号'),
  ('2025-04-05', 'off', '清明节', 'Tomb-Sweeping Day', '国办发明电〔2024〕12号'),
  ('2025-04-06', 'off', '清明节', 'Tomb-Sweeping Day', '国办发明电〔2024〕12号'),
  ('2025-04-27', 'work', '劳动节', 'Labour Day', '国办发明电〔2024〕12号'),
  ('2025-05-01', 'off', '劳动节', 'Labour Day', '国办发明电〔2024〕12号'),
  ('2025-05-02', 'off', '劳动节', 'Labour Day', '国办发明电〔2024〕12号'),
  ('2025-05-03', 'off', '劳动节', 'Labour Day', '国办发明电〔2024〕12号'),
  ('2025-05-04', 'off', '劳动节', 'Labour Day', '国办发明电〔2024〕12号'),
  ('2025-05-05', 'off', '劳动节', 'Labour Day', '国办发明电〔2024〕12号'),
  ('2025-05-31', 'off', '端午节', 'Dragon Boat Festival', '国办发明电〔2024〕12号'),
  ('2025-06-01', 'off', '端午节', 'Dragon Boat Festival', '国办发明电〔2024〕12号'),
  ('2025-06-02', 'off', '端午节', 'Dragon Boat Festival', '国办发明电〔2024〕12号'),
  ('2025-09-28', 'work', '国庆节', 'National Day', '国办发明电〔2024〕12号'),
  ('2025-10-01', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn', '国办发明电〔2024〕12号'),
  ('2025-10-02', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn', '国办发明电〔2024〕12号'),
  ('2025-10-03', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn', '国办发明电〔2024〕12号'),
  ('2025-10-04', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn', '国办发明电〔2024〕12号'),
  ('2025-10-05', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn', '国办发明电〔2024〕12号'),
  ('2025-10-06', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn', '国办发明电〔2024〕12号'),
  ('2025-10-07', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn', '国办发明电〔2024〕12号'),
  ('2025-10-08', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn', '国办发明电〔2024〕12号'),
  ('2025-10-11', 'work', '国庆节', 'National Day', '国办发明电〔2024〕12号'),
  ('2026-01-01', 'off', '元旦', 'New Year', '国办发明电〔2025〕7号'),
  ('2026-01-02', 'off', '元旦', 'New Year', '国办发明电〔2025〕7号'),
  ('2026-01-03', 'off', '元旦', 'New Year', '国办发明电〔2025〕7号'),
  ('2026-01-04', 'work', '元旦', 'New Year', '国办发明电〔2025〕7号'),
  ('2026-02-14', 'work', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-02-15', 'off', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-02-16', 'off', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-02-17', 'off', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-02-18', 'off', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-02-19', 'off', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-02-20', 'off', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-02-21', 'off', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-02-22', 'off', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-02-23', 'off', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-02-28', 'work', '春节', 'Spring Festival', '国办发明电〔2025〕7号'),
  ('2026-04-04', 'off', '清明节', 'Tomb-Sweeping Day', '国办发明电〔2025〕7号'),
  ('2026-04-05', 'off', '清明节', 'Tomb-Sweeping Day', '国办发明电〔2025〕7号'),
  ('2026-04-06', 'off', '清明节', 'Tomb-Sweeping Day', '国办发明电〔2025〕7号'),
  ('2026-05-01', 'off', '劳动节', 'Labour Day', '国办发明电〔2025〕7号'),
  ('2026-05-02', 'off', '劳动节', 'Labour Day', '国办发明电〔2025〕7号'),
  ('2026-05-03', 'off', '劳动节', 'Labour Day', '国办发明电〔2025〕7号'),
  ('2026-05-04', 'off', '劳动节', 'Labour Day', '国办发明电〔2025〕7号'),
  ('2026-05-05', 'off', '劳动节', 'Labour Day', '国办发明电〔2025〕7号'),
  ('2026-05-09', 'work', '劳动节', 'Labour Day', '国办发明电〔2025〕7号'),
  ('2026-06-19', 'off', '端午节', 'Dragon Boat Festival', '国办发明电〔2025〕7号'),
  ('2026-06-20', 'off', '端午节', 'Dragon Boat Festival', '国办发明电〔2025〕7号'),
  ('2026-06-21', 'off', '端午节', 'Dragon Boat Festival', '国办发明电〔2025〕7号'),
  ('2026-09-20', 'work', '国庆节', 'National Day', '国办发明电〔2025〕7号'),
  ('2026-09-25', 'off', '中秋节', 'Mid-Autumn', '国办发明电〔2025〕7号'),
  ('2026-09-26', 'off', '中秋节', 'Mid-Autumn', '国办发明电〔2025〕7号'),
  ('2026-09-27', 'off', '中秋节', 'Mid-Autumn', '国办发明电〔2025〕7号'),
  ('2026-10-01', 'off', '国庆节', 'National Day', '国办发明电〔2025〕7号'),
  ('2026-10-02', 'off', '国庆节', 'National Day', '国办发明电〔2025〕7号'),
  ('2026-10-03', 'off', '国庆节', 'National Day', '国办发明电〔2025〕7号'),
  ('2026-10-04', 'off', '国庆节', 'National Day', '国办发明电〔2025〕7号'),
  ('2026-10-05', 'off', '国庆节', 'National Day', '国办发明电〔2025〕7号'),
  ('2026-10-06', 'off', '国庆节', 'National Day', '国办发明电〔2025〕7号'),
  ('2026-10-07', 'off', '国庆节', 'National Day', '国办发明电〔2025〕7号'),
  ('2026-10-10', 'work', '国庆节', 'National Day', '国办发明电〔2025〕7号'),
  ('2027-01-01', 'off', '元旦', 'New Year', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-02-05', 'off', '春节', 'Spring Festival', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-02-06', 'off', '春节', 'Spring Festival', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-02-07', 'off', '春节', 'Spring Festival', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-02-08', 'off', '春节', 'Spring Festival', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-04-05', 'off', '清明节', 'Tomb-Sweeping Day', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-05-01', 'off', '劳动节', 'Labour Day', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-05-02', 'off', '劳动节', 'Labour Day', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-06-09', 'off', '端午节', 'Dragon Boat Festival', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-09-15', 'off', '中秋节', 'Mid-Autumn', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-10-01', 'off', '国庆节', 'National Day', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-10-02', 'off', '国庆节', 'National Day', '全国年节及纪念日放假办法（2025），未含调休'),
  ('2027-10-03', 'off', '国庆节', 'National Day', '全国年节及纪念日放假办法（2025），未含调休')
) AS told (day, kind, name_zh, name_en, source)
WHERE NOT EXISTS (SELECT FROM holiday h WHERE NOT h.assumed AND extract(year FROM h.day) = extract(year FROM told.day::date))
ON CONFLICT (day) DO NOTHING;
GRANT DELETE ON holiday TO yinling_jobs;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON holiday FROM yinling_app;

-- Who ordered: by which relation, for somebody who speaks for the same elder (another relative's row is not hers).
CREATE OR REPLACE FUNCTION relation_of_orderer(asked_order bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
  SELECT x.relation FROM care_order o JOIN proxy x ON 'proxy:' || x.id = o.by_right
  WHERE o.id = asked_order
    AND (o.elder_id = ANY (linked_elders()) OR o.area_code BETWEEN acting_lo() AND acting_hi())
$$;
ALTER FUNCTION relation_of_orderer(bigint) OWNER TO yinling_definer;
REVOKE ALL ON FUNCTION relation_of_orderer(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relation_of_orderer(bigint) TO yinling_app, yinling_jobs, yinling_definer;

SELECT guard_rows('recurring_order', '{office} OR elder_id = {elders}');
SELECT guard_rows('recurring_day', '{office} OR elder_id = {elders}');

-- Who sees how a message travelled, and who is bound to WeChat.
ALTER TABLE wechat_subscriber ENABLE ROW LEVEL SECURITY;
ALTER TABLE wechat_subscriber FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS wechat_subscriber_of_herself ON wechat_subscriber;
CREATE POLICY wechat_subscriber_of_herself ON wechat_subscriber TO yinling_app
  USING (person_id = (SELECT acting_person()));
DROP POLICY IF EXISTS wechat_subscriber_of_the_house ON wechat_subscriber;
CREATE POLICY wechat_subscriber_of_the_house ON wechat_subscriber TO yinling_jobs USING (true) WITH CHECK (true);

-- Whoever sees a message in her area sees whether it arrived, and may note that she told the person herself.
DROP POLICY IF EXISTS message_delivery_of_a_seen_message ON message_delivery;
CREATE POLICY message_delivery_of_a_seen_message ON message_delivery TO yinling_app
  USING (message_id IN (SELECT id FROM message));

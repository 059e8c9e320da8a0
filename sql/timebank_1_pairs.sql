-- Which kind of account may give minutes to which, per entry type. A pair that is not here cannot be written.
INSERT INTO timebank.entry_pair (entry_type, debit_kind, credit_kind) VALUES
  ('grant',    'issuance',     'elder_grant'),
  ('grant',    'pool',         'elder_grant'),
  ('grant',    'issuance',     'pool'),
  ('grant',    'issuance',     'guarantee'),
  ('grant',    'pool',         'guarantee'),
  ('earn',     'issuance',     'volunteer'),
  ('earn',     'issuance',     'organisation'),
  ('earn',     'guarantee',    'volunteer'),
  ('earn',     'guarantee',    'organisation'),
  ('redeem',   'volunteer',    'issuance'),
  ('redeem',   'elder_grant',  'issuance'),
  ('redeem',   'volunteer',    'volunteer'),
  ('redeem',   'elder_grant',  'volunteer'),
  ('redeem',   'estate',       'issuance'),
  ('gift',     'volunteer',    'volunteer'),
  ('gift',     'volunteer',    'elder_grant'),
  ('donate',   'volunteer',    'pool'),
  ('donate',   'organisation', 'pool'),
  ('donate',   'estate',       'pool'),
  ('overflow', 'issuance',     'pool'),
  ('overflow', 'guarantee',    'pool'),
  ('overflow', 'volunteer',    'pool'),
  ('overflow', 'elder_grant',  'pool'),
  ('expiry',   'volunteer',    'issuance'),
  ('expiry',   'elder_grant',  'issuance'),
  ('expiry',   'elder_grant',  'pool'),
  ('clearing', 'volunteer',    'clearing'),
  ('clearing', 'clearing',     'volunteer'),
  ('clearing', 'elder_grant',  'clearing'),
  ('clearing', 'clearing',     'elder_grant'),
  ('clearing', 'clearing',     'issuance'),
  ('clearing', 'issuance',     'clearing'),
  ('inherit',  'volunteer',    'estate'),
  ('inherit',  'estate',       'volunteer'),
  ('clawback', 'volunteer',    'clawback'),
  ('suspend',  'suspense',     'issuance'),
  ('suspend',  'issuance',     'suspense')
ON CONFLICT DO NOTHING;
-- A reversal is the original the other way round; hours already spent are owed by a clawback account.
INSERT INTO timebank.entry_pair (entry_type, debit_kind, credit_kind)
SELECT 'reversal', credit_kind, debit_kind FROM timebank.entry_pair WHERE entry_type <> 'reversal'
UNION
SELECT 'reversal', 'clawback', debit_kind FROM timebank.entry_pair WHERE entry_type <> 'reversal'
  AND debit_kind <> 'clawback'
ON CONFLICT DO NOTHING;

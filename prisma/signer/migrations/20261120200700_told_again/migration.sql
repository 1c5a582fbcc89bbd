-- After a resumption nothing is signed until the signer was told again which restrictions are in force.

ALTER TABLE signer.journal DROP CONSTRAINT journal_kind_check;
ALTER TABLE signer.journal ADD CONSTRAINT journal_kind_check CHECK (kind IN
  ('manifest', 'key', 'wallet', 'credential', 'signed', 'revoked', 'abandoned', 'restricted', 'released', 'sealed', 'resumed', 'master_lock', 'audit', 'deep_freeze', 'breaker', 'refill', 'freeze_status', 'told'));

-- Each freeze status that stations get is numbered by an entry of its own.

ALTER TABLE signer.journal DROP CONSTRAINT journal_kind_check;
ALTER TABLE signer.journal ADD CONSTRAINT journal_kind_check CHECK (kind IN
  ('manifest', 'key', 'wallet', 'credential', 'signed', 'revoked', 'abandoned', 'restricted', 'released', 'sealed', 'resumed', 'master_lock', 'audit', 'deep_freeze', 'breaker', 'refill', 'freeze_status'));

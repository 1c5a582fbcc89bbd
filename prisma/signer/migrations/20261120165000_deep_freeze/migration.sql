-- A deep freeze takes the platform keys of a customer's wallets off the signer. It is thawed by approvals, after a time
-- lock, and with the keys brought back from their offline wrap.

ALTER TABLE signer.journal DROP CONSTRAINT journal_kind_check;
ALTER TABLE signer.journal ADD CONSTRAINT journal_kind_check CHECK (kind IN
  ('manifest', 'key', 'wallet', 'credential', 'signed', 'revoked', 'abandoned', 'restricted', 'released', 'sealed', 'resumed', 'master_lock', 'audit', 'deep_freeze'));
ALTER TABLE signer.alert DROP CONSTRAINT alert_kind_check;
ALTER TABLE signer.alert ADD CONSTRAINT alert_kind_check CHECK (kind IN
  ('refused', 'signed', 'revoked', 'abandoned', 'restricted', 'released', 'sealed', 'resumed', 'manifest', 'key', 'wallet', 'credential', 'master_lock', 'deep_freeze'));
ALTER TABLE signer.restriction DROP CONSTRAINT restriction_kind_check;
ALTER TABLE signer.restriction ADD CONSTRAINT restriction_kind_check CHECK (kind IN
  ('whole_lock', 'withdraw_lock', 'transfer_lock', 'new_address_lock', 'api_lock', 'settings_lock', 'case', 'deep_freeze'));

-- Ordered by the customer's master lock or by a quorum: from then on the slots are erased, at every start anew.
CREATE TABLE signer.deep_freeze (
  restriction text PRIMARY KEY REFERENCES signer.restriction,
  -- Hash of the statement or of the intent that ordered it.
  ordered_by signer.hash NOT NULL UNIQUE,
  document text NOT NULL
);

-- Its time lock runs.
CREATE TABLE signer.thaw (
  restriction text PRIMARY KEY REFERENCES signer.deep_freeze,
  intent_hash signer.hash NOT NULL UNIQUE,
  document text NOT NULL,
  ready_at_ms signer.millis NOT NULL
);

CREATE TABLE signer.restored_key (
  restriction text NOT NULL REFERENCES signer.thaw,
  wallet text NOT NULL REFERENCES signer.platform_key,
  PRIMARY KEY (restriction, wallet)
);

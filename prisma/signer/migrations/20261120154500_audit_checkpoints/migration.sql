-- How far the signer has attested the audit log of the application: each time it continues where it stood.

ALTER TABLE signer.journal DROP CONSTRAINT journal_kind_check;
ALTER TABLE signer.journal ADD CONSTRAINT journal_kind_check CHECK (kind IN
  ('manifest', 'key', 'wallet', 'credential', 'signed', 'revoked', 'abandoned', 'restricted', 'released', 'sealed', 'resumed', 'master_lock', 'audit'));

CREATE TABLE signer.audit_checkpoint (
  position bigint PRIMARY KEY CHECK (position > 0),
  previous bigint REFERENCES signer.audit_checkpoint CHECK (previous < position),
  head signer.hash NOT NULL,
  document text NOT NULL,
  attested_at_ms signer.millis NOT NULL
);
-- Each continues one, and each is continued once: there is one history.
CREATE UNIQUE INDEX audit_checkpoint_previous ON signer.audit_checkpoint ((coalesce(previous, 0)));

-- Master locks of customers, what was said with them, and the way back for a lost file. History like the rest: rows
-- are added and never changed. A lock's id is that of the credential that its signing half is.

ALTER TABLE signer.journal DROP CONSTRAINT journal_kind_check;
ALTER TABLE signer.journal ADD CONSTRAINT journal_kind_check
  CHECK (kind IN ('manifest', 'key', 'wallet', 'credential', 'signed', 'revoked', 'abandoned', 'sealed', 'resumed', 'master_lock'));
ALTER TABLE signer.alert DROP CONSTRAINT alert_kind_check;
ALTER TABLE signer.alert ADD CONSTRAINT alert_kind_check
  CHECK (kind IN ('refused', 'signed', 'revoked', 'abandoned', 'sealed', 'resumed', 'manifest', 'key', 'wallet', 'credential', 'master_lock'));

-- From then on it signs nothing; its id and key stay taken.
CREATE TABLE signer.ended_credential (
  id text PRIMARY KEY REFERENCES signer.credential,
  reason text NOT NULL CHECK (reason IN ('replaced', 'revoked', 'recovered')),
  ended_at_ms signer.millis NOT NULL
);

CREATE TABLE signer.master_lock (
  id text PRIMARY KEY REFERENCES signer.credential,
  customer text NOT NULL,
  registration text NOT NULL,
  registration_hash signer.hash NOT NULL UNIQUE,
  pinned_at_ms signer.millis NOT NULL
);
CREATE INDEX master_lock_customer ON signer.master_lock (customer);

-- A customer's statement is accepted once.
CREATE TABLE signer.customer_statement (
  hash signer.hash PRIMARY KEY,
  customer text NOT NULL,
  purpose text NOT NULL,
  accepted_at_ms signer.millis NOT NULL
);

CREATE TABLE signer.lock_recovery (
  intent_hash signer.hash PRIMARY KEY,
  customer text NOT NULL,
  -- The intent with its request and approvals, as they were checked.
  document text NOT NULL,
  started_at_ms signer.millis NOT NULL
);
CREATE INDEX lock_recovery_customer ON signer.lock_recovery (customer);

CREATE TABLE signer.lock_recovery_end (
  intent_hash signer.hash PRIMARY KEY REFERENCES signer.lock_recovery,
  outcome text NOT NULL CHECK (outcome IN ('cancelled', 'superseded', 'completed')),
  ended_at_ms signer.millis NOT NULL
);

CREATE FUNCTION signer.recovery_waits() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- 14 days in milliseconds.
  IF NEW.outcome = 'completed' AND NEW.ended_at_ms - (SELECT started_at_ms FROM signer.lock_recovery WHERE intent_hash = NEW.intent_hash) < 1209600000 THEN
    RAISE EXCEPTION 'the way back takes 14 days' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER recovery_waits BEFORE INSERT ON signer.lock_recovery_end FOR EACH ROW EXECUTE FUNCTION signer.recovery_waits();

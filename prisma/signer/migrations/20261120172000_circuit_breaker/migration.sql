-- The circuit breaker: nothing is signed for anybody until enough people have approved that it is reset.

ALTER TABLE signer.journal DROP CONSTRAINT journal_kind_check;
ALTER TABLE signer.journal ADD CONSTRAINT journal_kind_check CHECK (kind IN
  ('manifest', 'key', 'wallet', 'credential', 'signed', 'revoked', 'abandoned', 'restricted', 'released', 'sealed', 'resumed', 'master_lock', 'audit', 'deep_freeze', 'breaker'));
ALTER TABLE signer.alert DROP CONSTRAINT alert_kind_check;
ALTER TABLE signer.alert ADD CONSTRAINT alert_kind_check CHECK (kind IN
  ('refused', 'signed', 'revoked', 'abandoned', 'restricted', 'released', 'sealed', 'resumed', 'manifest', 'key', 'wallet', 'credential', 'master_lock', 'deep_freeze', 'breaker'));

CREATE TABLE signer.breaker (
  id text PRIMARY KEY,
  tripped_by text NOT NULL,
  tripped_at_ms signer.millis NOT NULL
);
CREATE TABLE signer.breaker_reset (
  breaker text PRIMARY KEY REFERENCES signer.breaker,
  intent_hash signer.hash NOT NULL UNIQUE,
  document text NOT NULL,
  reset_at_ms signer.millis NOT NULL
);
CREATE VIEW signer.open_breaker AS
  SELECT id FROM signer.breaker b WHERE NOT EXISTS (SELECT FROM signer.breaker_reset r WHERE r.breaker = b.id);
GRANT SELECT ON signer.open_breaker TO trilock_signer;

CREATE OR REPLACE FUNCTION signer.release_unrestricted() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM signer.spend_intent s JOIN signer.restricted_customer c USING (customer) WHERE s.txid = NEW.txid) THEN
    RAISE EXCEPTION 'a customer of this transaction is restricted' USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (SELECT FROM signer.open_breaker) THEN
    RAISE EXCEPTION 'the circuit breaker has tripped' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

-- Whose payments the signer refuses, by its own record. A restriction is lifted by approvals that the signer has
-- counted itself, each by its own release.

ALTER TABLE signer.journal DROP CONSTRAINT journal_kind_check;
ALTER TABLE signer.journal ADD CONSTRAINT journal_kind_check CHECK (kind IN
  ('manifest', 'key', 'wallet', 'credential', 'signed', 'revoked', 'abandoned', 'restricted', 'released', 'sealed', 'resumed', 'master_lock'));
ALTER TABLE signer.alert DROP CONSTRAINT alert_kind_check;
ALTER TABLE signer.alert ADD CONSTRAINT alert_kind_check CHECK (kind IN
  ('refused', 'signed', 'revoked', 'abandoned', 'restricted', 'released', 'sealed', 'resumed', 'manifest', 'key', 'wallet', 'credential', 'master_lock'));

CREATE TABLE signer.restriction (
  id text PRIMARY KEY,
  customer text NOT NULL,
  opened_by text NOT NULL,
  restricted_at_ms signer.millis NOT NULL
);
CREATE INDEX restriction_customer ON signer.restriction (customer);

CREATE TABLE signer.restriction_release (
  restriction text PRIMARY KEY REFERENCES signer.restriction,
  intent_hash signer.hash NOT NULL UNIQUE,
  -- The intent with the signatures that entitle it.
  document text NOT NULL,
  released_at_ms signer.millis NOT NULL
);

CREATE VIEW signer.restricted_customer AS
  SELECT DISTINCT customer FROM signer.restriction r
  WHERE NOT EXISTS (SELECT FROM signer.restriction_release x WHERE x.restriction = r.id);
GRANT SELECT ON signer.restricted_customer TO trilock_signer;

-- Whose money an intent moves, so that the last look before a signature leaves is the database's own.
ALTER TABLE signer.spend_intent ADD COLUMN customer text;

CREATE FUNCTION signer.release_unrestricted() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM signer.spend_intent s JOIN signer.restricted_customer c USING (customer) WHERE s.txid = NEW.txid) THEN
    RAISE EXCEPTION 'a customer of this transaction is restricted' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER release_unrestricted BEFORE INSERT ON signer.released_signature
  FOR EACH ROW EXECUTE FUNCTION signer.release_unrestricted();

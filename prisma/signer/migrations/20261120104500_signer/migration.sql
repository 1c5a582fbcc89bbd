-- The platform cosigner's own record. Everything is history: the signer's role may read and append, and can
-- neither change nor remove a line. Times are milliseconds since the epoch, UTC; hashes are lower-case hex;
-- documents are canonical JSON as text, since what was signed is the text as it stands.

CREATE DOMAIN signer.hash AS text CHECK (VALUE ~ '^[0-9a-f]{64}$');
CREATE DOMAIN signer.millis AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN signer.sats AS bigint CHECK (VALUE BETWEEN 0 AND 2100000000000000);

-- Every change of what the signer knows is an entry of one hash chain, and the witness countersigns its head.
-- An epoch ends when officers resume a signer that its witness had left behind; the next begins after the witness.
CREATE TABLE signer.journal (
  epoch integer NOT NULL CHECK (epoch >= 0),
  counter bigint NOT NULL CHECK (counter > 0),
  kind text NOT NULL CHECK (kind IN ('manifest', 'key', 'wallet', 'credential', 'signed', 'revoked', 'sealed', 'resumed')),
  subject text NOT NULL CHECK (octet_length(subject) BETWEEN 2 AND 1000000),
  manifest_number integer NOT NULL CHECK (manifest_number >= 0),
  at_ms signer.millis NOT NULL,
  previous_head signer.hash NOT NULL,
  head signer.hash NOT NULL UNIQUE,
  -- The signer's Ed25519 signature over its statement to the witness.
  statement_signature text NOT NULL CHECK (statement_signature ~ '^[0-9a-f]{128}$'),
  PRIMARY KEY (epoch, counter)
);

CREATE FUNCTION signer.journal_follows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last signer.journal%ROWTYPE;
BEGIN
  SELECT * INTO last FROM signer.journal ORDER BY epoch DESC, counter DESC LIMIT 1;
  IF NOT FOUND THEN
    IF NEW.epoch <> (NEW.kind = 'resumed')::integer OR (NEW.epoch = 0 AND (NEW.counter <> 1 OR NEW.previous_head <> repeat('0', 64))) THEN
      RAISE EXCEPTION 'the journal begins with its first entry' USING ERRCODE = 'check_violation';
    END IF;
  ELSIF NEW.epoch = last.epoch THEN
    IF NEW.counter <> last.counter + 1 OR NEW.previous_head <> last.head OR NEW.kind = 'resumed' THEN
      RAISE EXCEPTION 'the entry does not follow the last one' USING ERRCODE = 'check_violation';
    END IF;
  ELSIF NEW.epoch <> last.epoch + 1 OR NEW.kind <> 'resumed' THEN
    RAISE EXCEPTION 'only a resumption begins an epoch' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER journal_follows BEFORE INSERT ON signer.journal FOR EACH ROW EXECUTE FUNCTION signer.journal_follows();

CREATE TABLE signer.countersignature (
  epoch integer NOT NULL,
  counter bigint NOT NULL,
  witness_key signer.hash NOT NULL,
  signature text NOT NULL CHECK (signature ~ '^[0-9a-f]{128}$'),
  PRIMARY KEY (epoch, counter),
  FOREIGN KEY (epoch, counter) REFERENCES signer.journal
);

CREATE TABLE signer.manifest (
  number integer PRIMARY KEY CHECK (number > 0),
  previous integer REFERENCES signer.manifest CHECK (previous = number - 1),
  hash signer.hash NOT NULL UNIQUE,
  document text NOT NULL,
  loaded_at_ms signer.millis NOT NULL,
  CHECK ((number = 1) = (previous IS NULL))
);

CREATE TABLE signer.resumption (
  epoch integer PRIMARY KEY CHECK (epoch > 0),
  issued_at_ms signer.millis NOT NULL,
  witness_key signer.hash NOT NULL,
  document text NOT NULL
);

CREATE TABLE signer.platform_key (
  wallet text PRIMARY KEY,
  xpub text NOT NULL UNIQUE,
  origin text NOT NULL UNIQUE,
  attestation text NOT NULL,
  made_at_ms signer.millis NOT NULL
);

CREATE TABLE signer.wallet (
  id text PRIMARY KEY,
  customer text,
  descriptor_hash signer.hash NOT NULL UNIQUE,
  registration_hash signer.hash NOT NULL UNIQUE,
  registration text NOT NULL,
  receipt text NOT NULL,
  registered_at_ms signer.millis NOT NULL
);

-- A key enters one descriptor ever.
CREATE TABLE signer.used_key (
  xpub text PRIMARY KEY,
  origin text NOT NULL UNIQUE,
  wallet text NOT NULL REFERENCES signer.wallet
);

CREATE TABLE signer.credential (
  id text PRIMARY KEY,
  customer text NOT NULL,
  public_key text NOT NULL,
  pinned_at_ms signer.millis NOT NULL,
  UNIQUE (customer, public_key)
);

CREATE TABLE signer.revoked_intent (
  intent_hash signer.hash PRIMARY KEY,
  reason text NOT NULL,
  revoked_at_ms signer.millis NOT NULL
);

-- One intent, one set of inputs, together with the same other intents: whatever is signed for it later, a fee
-- bump, spends the same coins, so at most one of them confirms.
CREATE TABLE signer.consumed_intent (
  intent_hash signer.hash PRIMARY KEY,
  intent_set signer.hash NOT NULL,
  outpoint_set signer.hash NOT NULL,
  satoshis signer.sats NOT NULL,
  consumed_at_ms signer.millis NOT NULL,
  UNIQUE (intent_hash, intent_set, outpoint_set)
);
CREATE INDEX consumed_intent_time ON signer.consumed_intent (consumed_at_ms);

-- A coin is promised to one set of intents.
CREATE TABLE signer.promised_outpoint (
  outpoint text PRIMARY KEY CHECK (outpoint ~ '^[0-9a-f]{64}:[0-9]+$'),
  intent_set signer.hash NOT NULL
);

-- What is about to be signed: written before the key is touched.
CREATE TABLE signer.spend (
  txid signer.hash PRIMARY KEY,
  wallet text NOT NULL REFERENCES signer.wallet,
  intent_set signer.hash NOT NULL,
  outpoint_set signer.hash NOT NULL,
  fee signer.sats NOT NULL,
  epoch integer NOT NULL,
  counter bigint NOT NULL,
  recorded_at_ms signer.millis NOT NULL,
  UNIQUE (epoch, counter),
  -- A replacement pays more than what it replaces.
  UNIQUE (intent_set, fee),
  UNIQUE (txid, intent_set, outpoint_set),
  FOREIGN KEY (epoch, counter) REFERENCES signer.journal
);

CREATE TABLE signer.spend_intent (
  txid signer.hash NOT NULL,
  intent_hash signer.hash NOT NULL,
  intent_set signer.hash NOT NULL,
  outpoint_set signer.hash NOT NULL,
  PRIMARY KEY (txid, intent_hash),
  FOREIGN KEY (txid, intent_set, outpoint_set) REFERENCES signer.spend (txid, intent_set, outpoint_set),
  FOREIGN KEY (intent_hash, intent_set, outpoint_set) REFERENCES signer.consumed_intent (intent_hash, intent_set, outpoint_set)
);
CREATE INDEX spend_intent_hash ON signer.spend_intent (intent_hash);

-- Signatures that may have left, each with the whole answer, so that a lost answer is repeated.
CREATE TABLE signer.released_signature (
  txid signer.hash PRIMARY KEY REFERENCES signer.spend,
  answer text NOT NULL,
  released_at_ms signer.millis NOT NULL
);

CREATE FUNCTION signer.release_allowed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM signer.spend_intent s JOIN signer.revoked_intent r USING (intent_hash) WHERE s.txid = NEW.txid) THEN
    RAISE EXCEPTION 'an intent of this transaction is revoked' USING ERRCODE = 'check_violation';
  END IF;
  IF NOT EXISTS (SELECT FROM signer.spend s JOIN signer.countersignature c ON c.epoch = s.epoch AND c.counter >= s.counter WHERE s.txid = NEW.txid) THEN
    RAISE EXCEPTION 'the witness has not countersigned this' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER release_allowed BEFORE INSERT ON signer.released_signature FOR EACH ROW EXECUTE FUNCTION signer.release_allowed();

CREATE TABLE signer.alert (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at_ms signer.millis NOT NULL,
  kind text NOT NULL CHECK (kind IN ('refused', 'signed', 'revoked', 'sealed', 'resumed', 'manifest', 'key', 'wallet', 'credential')),
  method text NOT NULL,
  code text,
  text text NOT NULL,
  details text NOT NULL,
  CHECK ((kind = 'refused') = (code IS NOT NULL))
);

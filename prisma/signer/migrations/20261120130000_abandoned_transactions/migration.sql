-- A transaction may be given up for good as long as no signature for it has left. Its intents and coins are then free
-- for another one, and only then: a payout for several intents is built again without the one that holds it up.

ALTER TABLE signer.journal DROP CONSTRAINT journal_kind_check;
ALTER TABLE signer.journal ADD CONSTRAINT journal_kind_check CHECK (kind IN
  ('manifest', 'key', 'wallet', 'credential', 'signed', 'revoked', 'abandoned', 'sealed', 'resumed'));
ALTER TABLE signer.alert DROP CONSTRAINT alert_kind_check;
ALTER TABLE signer.alert ADD CONSTRAINT alert_kind_check CHECK (kind IN
  ('refused', 'signed', 'revoked', 'abandoned', 'sealed', 'resumed', 'manifest', 'key', 'wallet', 'credential'));

-- Never signed any more, whether it was ever seen here or not.
CREATE TABLE signer.abandoned_transaction (
  txid signer.hash PRIMARY KEY,
  reason text NOT NULL,
  abandoned_at_ms signer.millis NOT NULL
);

CREATE FUNCTION signer.abandoned_unsigned() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM signer.released_signature r WHERE r.txid = NEW.txid) THEN
    RAISE EXCEPTION 'a signature for this transaction has left' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER abandoned_unsigned BEFORE INSERT ON signer.abandoned_transaction
  FOR EACH ROW EXECUTE FUNCTION signer.abandoned_unsigned();

-- Whether a set of intents is spoken for by a set of coins: a transaction was recorded that was not given up.
CREATE FUNCTION signer.spoken_for(intents text, outpoints text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM signer.spend s WHERE s.intent_set = intents AND s.outpoint_set = outpoints
      AND NOT EXISTS (SELECT FROM signer.abandoned_transaction a WHERE a.txid = s.txid)
  )
$$;
GRANT EXECUTE ON FUNCTION signer.spoken_for(text, text) TO trilock_signer;

-- One intent, one set of intents and of inputs, what was given up aside. The same for each coin.
ALTER TABLE signer.spend_intent DROP CONSTRAINT spend_intent_intent_hash_intent_set_outpoint_set_fkey;
ALTER TABLE signer.consumed_intent DROP CONSTRAINT consumed_intent_pkey;
ALTER TABLE signer.consumed_intent DROP CONSTRAINT consumed_intent_intent_hash_intent_set_outpoint_set_key;
ALTER TABLE signer.consumed_intent ADD PRIMARY KEY (intent_hash, intent_set, outpoint_set);
ALTER TABLE signer.spend_intent ADD FOREIGN KEY (intent_hash, intent_set, outpoint_set)
  REFERENCES signer.consumed_intent (intent_hash, intent_set, outpoint_set);

ALTER TABLE signer.promised_outpoint ADD COLUMN outpoint_set signer.hash;
UPDATE signer.promised_outpoint p SET outpoint_set = s.outpoint_set FROM signer.spend s WHERE s.intent_set = p.intent_set;
ALTER TABLE signer.promised_outpoint ALTER COLUMN outpoint_set SET NOT NULL;
ALTER TABLE signer.promised_outpoint DROP CONSTRAINT promised_outpoint_pkey;
ALTER TABLE signer.promised_outpoint ADD PRIMARY KEY (outpoint, intent_set, outpoint_set);

ALTER TABLE signer.spend DROP CONSTRAINT spend_intent_set_fee_key;
CREATE INDEX spend_intent_set ON signer.spend (intent_set, outpoint_set);

CREATE FUNCTION signer.replacement_higher() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM signer.spend s WHERE s.intent_set = NEW.intent_set AND s.fee >= NEW.fee
      AND NOT EXISTS (SELECT FROM signer.abandoned_transaction a WHERE a.txid = s.txid)
  ) THEN
    RAISE EXCEPTION 'a replacement pays more than what it replaces' USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER replacement_higher BEFORE INSERT ON signer.spend FOR EACH ROW EXECUTE FUNCTION signer.replacement_higher();

CREATE FUNCTION signer.consumed_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM signer.consumed_intent c WHERE c.intent_hash = NEW.intent_hash
      AND (c.intent_set, c.outpoint_set) IS DISTINCT FROM (NEW.intent_set, NEW.outpoint_set)
      AND signer.spoken_for(c.intent_set, c.outpoint_set)
  ) THEN
    RAISE EXCEPTION 'an intent is consumed once' USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER consumed_once BEFORE INSERT ON signer.consumed_intent FOR EACH ROW EXECUTE FUNCTION signer.consumed_once();

CREATE FUNCTION signer.promised_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM signer.promised_outpoint p WHERE p.outpoint = NEW.outpoint AND p.intent_set <> NEW.intent_set
      AND signer.spoken_for(p.intent_set, p.outpoint_set)
  ) THEN
    RAISE EXCEPTION 'a coin is promised once' USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER promised_once BEFORE INSERT ON signer.promised_outpoint FOR EACH ROW EXECUTE FUNCTION signer.promised_once();

CREATE OR REPLACE FUNCTION signer.release_allowed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM signer.spend_intent s JOIN signer.revoked_intent r USING (intent_hash) WHERE s.txid = NEW.txid) THEN
    RAISE EXCEPTION 'an intent of this transaction is revoked' USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (SELECT FROM signer.abandoned_transaction a WHERE a.txid = NEW.txid) THEN
    RAISE EXCEPTION 'this transaction was given up' USING ERRCODE = 'check_violation';
  END IF;
  IF NOT EXISTS (SELECT FROM signer.spend s JOIN signer.countersignature c ON c.epoch = s.epoch AND c.counter >= s.counter WHERE s.txid = NEW.txid) THEN
    RAISE EXCEPTION 'the witness has not countersigned this' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

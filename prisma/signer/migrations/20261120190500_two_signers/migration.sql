-- Of a wallet that two signers spend, the signature of the first completes nothing: what it is for may still be given
-- up, when the second has given it up before.

ALTER TABLE signer.released_signature ADD COLUMN completes boolean NOT NULL DEFAULT true;

CREATE OR REPLACE FUNCTION signer.abandoned_unsigned() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM signer.released_signature r WHERE r.txid = NEW.txid AND r.completes) THEN
    RAISE EXCEPTION 'a signature for this transaction has left' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

-- Some kinds of intent are signed although the circuit breaker has tripped, since they let nothing flow out.
ALTER TABLE signer.spend_intent ADD COLUMN past_breaker boolean NOT NULL DEFAULT false;

CREATE OR REPLACE FUNCTION signer.release_unrestricted() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM signer.spend_intent s JOIN signer.restricted_customer c USING (customer) WHERE s.txid = NEW.txid) THEN
    RAISE EXCEPTION 'a customer of this transaction is restricted' USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (SELECT FROM signer.open_breaker) AND EXISTS (SELECT FROM signer.spend_intent s WHERE s.txid = NEW.txid AND NOT s.past_breaker) THEN
    RAISE EXCEPTION 'the circuit breaker has tripped' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

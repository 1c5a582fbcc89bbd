-- An account may be closed: a restriction that nothing lifts.

ALTER TABLE signer.restriction DROP CONSTRAINT restriction_kind_check;
ALTER TABLE signer.restriction ADD CONSTRAINT restriction_kind_check CHECK (kind IN
  ('whole_lock', 'withdraw_lock', 'transfer_lock', 'new_address_lock', 'api_lock', 'settings_lock', 'case', 'deep_freeze', 'closed'));

CREATE FUNCTION signer.closed_for_good() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM signer.restriction r WHERE r.id = NEW.restriction AND r.kind = 'closed') THEN
    RAISE EXCEPTION 'a closed account is never opened again' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER closed_for_good BEFORE INSERT ON signer.restriction_release
  FOR EACH ROW EXECUTE FUNCTION signer.closed_for_good();

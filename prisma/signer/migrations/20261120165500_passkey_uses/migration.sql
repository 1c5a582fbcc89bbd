-- Each passkey counts its signatures: a number that stands under two different statements is that of a copy.
CREATE TABLE signer.passkey_use (
  credential text NOT NULL,
  counter bigint NOT NULL CHECK (counter > 0),
  -- Hash of what was signed.
  statement signer.hash NOT NULL,
  seen_at_ms signer.millis NOT NULL,
  PRIMARY KEY (credential, counter)
);

-- The key of the second signer, of wallets that two signers spend.

ALTER TABLE "account_key" DROP CONSTRAINT "account_key_role_check";
ALTER TABLE "account_key" ADD CONSTRAINT "account_key_role_check"
    CHECK ("role" IN ('platform', 'platform_b', 'cold', 'backup', 'customer'));

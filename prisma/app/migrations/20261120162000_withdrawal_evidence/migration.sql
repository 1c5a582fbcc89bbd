-- What the signer was shown and what it said of it, kept beside the finished transaction: the evidence of a withdrawal.
ALTER TABLE "payout_transaction" ADD COLUMN "evidence" TEXT;
ALTER TABLE "payout_transaction" ADD CONSTRAINT "payout_transaction_evidence_check" CHECK (
    "evidence" IS NULL OR ("transaction" IS NOT NULL AND octet_length("evidence") <= 16777216)
);
GRANT UPDATE ("evidence") ON "payout_transaction" TO trilock_app;

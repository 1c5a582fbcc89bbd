-- The cold seed of a collaborative wallet in nested envelopes, to an escrow agent and to the customer's master lock: the
-- recovery kit carries it. Made at the cold station; nothing online can open it.
ALTER TABLE "wallet" ADD COLUMN "escrow" TEXT;
ALTER TABLE "wallet" ADD CONSTRAINT "wallet_escrow_check" CHECK ("escrow" IS NULL OR ("escrow" LIKE '{%}' AND "plan" = 'collaborative'));
GRANT UPDATE ("escrow") ON "wallet" TO trilock_app;

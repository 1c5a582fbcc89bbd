-- Since when a wallet can have coins: where a recovery begins to search.
ALTER TABLE "wallet" ADD COLUMN "birth_height" INTEGER;
ALTER TABLE "wallet" ADD CONSTRAINT "wallet_birth_height_check" CHECK ("birth_height" >= 0);
GRANT UPDATE ("birth_height") ON "wallet" TO trilock_app;

-- A key of a wallet signed for an address of it, from its wrapped copy at a backup site. Append-only.
CREATE TABLE "recovery_proof" (
    "id" UUID NOT NULL,
    "wallet_id" UUID NOT NULL,
    "xpub" TEXT NOT NULL,
    "drill" TEXT NOT NULL,
    "site" TEXT NOT NULL,
    "address_index" INTEGER NOT NULL,
    "message" TEXT NOT NULL,
    "signature" BYTEA NOT NULL,
    "proved_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "recovery_proof_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "recovery_proof_drill_xpub_key" ON "recovery_proof"("drill", "xpub");
CREATE INDEX "recovery_proof_wallet_id_proved_at_idx" ON "recovery_proof"("wallet_id", "proved_at");

ALTER TABLE "recovery_proof" ADD CONSTRAINT "recovery_proof_wallet_id_fkey"
    FOREIGN KEY ("wallet_id") REFERENCES "wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "recovery_proof" ADD CONSTRAINT "recovery_proof_xpub_fkey"
    FOREIGN KEY ("xpub") REFERENCES "account_key"("xpub") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "recovery_proof"
    ADD CONSTRAINT "recovery_proof_signature_check" CHECK (octet_length("signature") = 64),
    ADD CONSTRAINT "recovery_proof_index_check" CHECK ("address_index" >= 0),
    ADD CONSTRAINT "recovery_proof_time_check" CHECK ("proved_at" <= "recorded_at" + interval '5 minutes');

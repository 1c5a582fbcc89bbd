-- Coins of the institution on their way from one of its wallets to another: see src/treasury.

CREATE TABLE "treasury_move" (
    "id" UUID NOT NULL,
    "purpose" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "intent_id" UUID NOT NULL,
    "intent" TEXT,
    "from_wallet_id" UUID NOT NULL,
    "to_wallet_id" UUID,
    "satoshis" BIGINT NOT NULL,
    "txid" TEXT,
    "psbt" TEXT,
    "fee" BIGINT,
    "change_vout" INTEGER,
    "change_index" INTEGER,
    "change_value" BIGINT,
    "cosigned" TEXT,
    "signer_asked_at" TIMESTAMPTZ(3),
    "transaction" BYTEA,
    "confirmed_cycle" INTEGER NOT NULL DEFAULT 0,
    "end_reason" TEXT,
    "hindrance" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "look_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "treasury_move_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "treasury_move_intent_id_key" ON "treasury_move"("intent_id");
CREATE UNIQUE INDEX "treasury_move_txid_key" ON "treasury_move"("txid");
CREATE INDEX "treasury_move_look_at_idx" ON "treasury_move"("look_at");
CREATE INDEX "treasury_move_state_created_at_idx" ON "treasury_move"("state", "created_at");
CREATE INDEX "treasury_move_from_wallet_id_state_idx" ON "treasury_move"("from_wallet_id", "state");
-- One move at a time out of a wallet, so that two workers draw one and not two.
CREATE UNIQUE INDEX "treasury_move_under_way" ON "treasury_move"("from_wallet_id")
    WHERE "state" IN ('requested', 'built', 'signed', 'broadcast');

ALTER TABLE "treasury_move" ADD CONSTRAINT "treasury_move_from_wallet_id_fkey" FOREIGN KEY ("from_wallet_id") REFERENCES "wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "treasury_move" ADD CONSTRAINT "treasury_move_to_wallet_id_fkey" FOREIGN KEY ("to_wallet_id") REFERENCES "wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "treasury_move"
    ADD CONSTRAINT "treasury_move_purpose_check" CHECK (
        ("purpose" IN ('sweep', 'refill') AND "to_wallet_id" IS NOT NULL AND "to_wallet_id" <> "from_wallet_id" AND "satoshis" > 0)
        OR ("purpose" = 'consolidation' AND "to_wallet_id" IS NULL AND "satoshis" = 0)
    ),
    ADD CONSTRAINT "treasury_move_intent_check" CHECK (("purpose" = 'refill') = ("intent" IS NULL)),
    ADD CONSTRAINT "treasury_move_satoshis_check" CHECK ("satoshis" <= 2100000000000000),
    ADD CONSTRAINT "treasury_move_state_check" CHECK (
        ("state" = 'requested' AND "purpose" = 'refill' AND "txid" IS NULL)
        OR ("state" = 'built' AND "txid" IS NOT NULL AND "transaction" IS NULL)
        OR ("state" IN ('signed', 'broadcast', 'confirmed') AND "transaction" IS NOT NULL AND "signer_asked_at" IS NOT NULL)
        OR ("state" = 'ended' AND "transaction" IS NULL AND "end_reason" IS NOT NULL)
    ),
    ADD CONSTRAINT "treasury_move_built_check" CHECK (("txid" IS NULL) = ("psbt" IS NULL) AND ("txid" IS NULL) = ("fee" IS NULL)),
    ADD CONSTRAINT "treasury_move_txid_check" CHECK ("txid" ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT "treasury_move_change_check" CHECK (
        ("change_vout" IS NULL) = ("change_index" IS NULL) AND ("change_vout" IS NULL) = ("change_value" IS NULL)
    ),
    ADD CONSTRAINT "treasury_move_cycle_check" CHECK ("confirmed_cycle" >= 0);

GRANT UPDATE ("state", "version", "txid", "psbt", "fee", "change_vout", "change_index", "change_value", "cosigned",
    "signer_asked_at", "transaction", "confirmed_cycle", "end_reason", "hindrance", "failures", "look_at", "changed_at")
    ON "treasury_move" TO trilock_app;

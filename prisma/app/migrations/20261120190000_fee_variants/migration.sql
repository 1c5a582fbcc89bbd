-- The same payout at higher fees, signed by the station in one ceremony with the transaction `of_number`. One that is
-- used becomes a transaction of the payout, with the same txid.
CREATE TABLE "payout_variant" (
    "payout_id" UUID NOT NULL,
    "of_number" INTEGER NOT NULL,
    "place" INTEGER NOT NULL,
    "txid" TEXT NOT NULL,
    "psbt" TEXT NOT NULL,
    "fee" BIGINT NOT NULL,
    "fee_rate" BIGINT NOT NULL,
    "cosigned" TEXT,
    "change_vout" INTEGER,
    "change_index" INTEGER,
    "change_value" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "payout_variant_pkey" PRIMARY KEY ("payout_id","of_number","place")
);

ALTER TABLE "payout_variant" ADD CONSTRAINT "payout_variant_payout_id_fkey" FOREIGN KEY ("payout_id") REFERENCES "payout"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "payout_variant"
    ADD CONSTRAINT "payout_variant_place_check" CHECK ("of_number" >= 1 AND "place" BETWEEN 1 AND 3),
    ADD CONSTRAINT "payout_variant_txid_check" CHECK ("txid" ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT "payout_variant_fee_check" CHECK ("fee" > 0 AND "fee_rate" > 0),
    ADD CONSTRAINT "payout_variant_change_check" CHECK (
        ("change_vout" IS NULL) = ("change_value" IS NULL) AND ("change_vout" IS NULL) = ("change_index" IS NULL)
    );

GRANT UPDATE ("cosigned") ON "payout_variant" TO trilock_app;

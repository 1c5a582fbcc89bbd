-- Legal orders that hold a part of a balance: see src/legal.

CREATE TABLE "legal_hold" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "balance" TEXT NOT NULL,
    "wallet_id" UUID NOT NULL,
    "satoshis" BIGINT NOT NULL,
    "reference" TEXT NOT NULL,
    "authority" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "imposed_by" TEXT NOT NULL,
    "imposed_at" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "held_satoshis" BIGINT NOT NULL DEFAULT 0,
    "lift_intent_id" UUID,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "look_at" TIMESTAMPTZ(3),

    CONSTRAINT "legal_hold_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "legal_hold_piece" (
    "hold_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "satoshis" BIGINT NOT NULL,
    "state" TEXT NOT NULL,

    CONSTRAINT "legal_hold_piece_pkey" PRIMARY KEY ("hold_id", "number")
);

CREATE UNIQUE INDEX "legal_hold_lift_intent_id_key" ON "legal_hold"("lift_intent_id");
CREATE INDEX "legal_hold_customer_id_idx" ON "legal_hold"("customer_id");
CREATE INDEX "legal_hold_look_at_idx" ON "legal_hold"("look_at");

ALTER TABLE "legal_hold" ADD CONSTRAINT "legal_hold_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "legal_hold" ADD CONSTRAINT "legal_hold_wallet_id_fkey" FOREIGN KEY ("wallet_id") REFERENCES "wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "legal_hold_piece" ADD CONSTRAINT "legal_hold_piece_hold_id_fkey" FOREIGN KEY ("hold_id") REFERENCES "legal_hold"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "legal_hold"
    ADD CONSTRAINT "legal_hold_balance_check" CHECK ("balance" IN ('vault', 'spending')),
    ADD CONSTRAINT "legal_hold_satoshis_check" CHECK (
        "satoshis" > 0 AND "satoshis" <= 2100000000000000 AND "held_satoshis" >= 0 AND "held_satoshis" <= "satoshis"
    ),
    ADD CONSTRAINT "legal_hold_texts_check" CHECK (
        length("reference") BETWEEN 1 AND 200 AND length("authority") BETWEEN 1 AND 200 AND length("reason") <= 2000
    ),
    ADD CONSTRAINT "legal_hold_imposed_by_check" CHECK ("imposed_by" ~ '^stf_[0-9a-z]{26}$'),
    ADD CONSTRAINT "legal_hold_state_check" CHECK (
        ("state" IN ('holding', 'held') AND "lift_intent_id" IS NULL)
        OR ("state" IN ('lifting', 'lifted') AND "lift_intent_id" IS NOT NULL)
    ),
    ADD CONSTRAINT "legal_hold_held_check" CHECK ("state" <> 'held' OR "held_satoshis" = "satoshis"),
    ADD CONSTRAINT "legal_hold_look_check" CHECK (("look_at" IS NOT NULL) = ("state" IN ('holding', 'lifting')));

ALTER TABLE "legal_hold_piece"
    ADD CONSTRAINT "legal_hold_piece_number_check" CHECK ("number" >= 1),
    ADD CONSTRAINT "legal_hold_piece_satoshis_check" CHECK ("satoshis" > 0),
    ADD CONSTRAINT "legal_hold_piece_state_check" CHECK ("state" IN ('begun', 'held', 'refused'));

GRANT UPDATE ("state", "version", "held_satoshis", "lift_intent_id", "changed_at", "look_at") ON "legal_hold" TO trilock_app;
GRANT UPDATE ("state") ON "legal_hold_piece" TO trilock_app;

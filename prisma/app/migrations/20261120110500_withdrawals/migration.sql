-- Withdrawals and the transactions that pay them: see prisma/app/schema/withdrawals.prisma.

CREATE TABLE "withdrawal" (
    "id" UUID NOT NULL,
    "intent_id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "wallet_id" UUID NOT NULL,
    "balance" TEXT NOT NULL,
    "destination" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "max_fee" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "payout_id" UUID,
    "intent_version" INTEGER NOT NULL DEFAULT 0,
    "presented" BOOLEAN NOT NULL DEFAULT false,
    "cool_until" TIMESTAMPTZ(3),
    "quarantine_reason" TEXT,
    "end_reason" TEXT,
    "hindrance" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "confirmed_cycle" INTEGER NOT NULL DEFAULT 0,
    "booked_amount" BIGINT,
    "look_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "withdrawal_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "payout" (
    "id" UUID NOT NULL,
    "wallet_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "reserved_until" TIMESTAMPTZ(3) NOT NULL,
    "signer_asked_at" TIMESTAMPTZ(3),
    "released_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "payout_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "payout_input" (
    "payout_id" UUID NOT NULL,
    "txid" TEXT NOT NULL,
    "vout" INTEGER NOT NULL,
    "value" BIGINT NOT NULL,
    "released" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "payout_input_pkey" PRIMARY KEY ("payout_id","txid","vout")
);

CREATE TABLE "payout_transaction" (
    "payout_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "txid" TEXT NOT NULL,
    "psbt" TEXT NOT NULL,
    "fee" BIGINT NOT NULL,
    "fee_rate" BIGINT NOT NULL,
    "cosigned" TEXT,
    "transaction" BYTEA,
    "broadcast_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "payout_transaction_pkey" PRIMARY KEY ("payout_id","number")
);

CREATE UNIQUE INDEX "withdrawal_intent_id_key" ON "withdrawal"("intent_id");
CREATE INDEX "withdrawal_look_at_idx" ON "withdrawal"("look_at");
CREATE INDEX "withdrawal_customer_id_created_at_idx" ON "withdrawal"("customer_id", "created_at");
CREATE INDEX "withdrawal_payout_id_idx" ON "withdrawal"("payout_id");
CREATE INDEX "payout_input_txid_vout_idx" ON "payout_input"("txid", "vout");
CREATE UNIQUE INDEX "payout_transaction_txid_key" ON "payout_transaction"("txid");

ALTER TABLE "withdrawal" ADD CONSTRAINT "withdrawal_payout_id_fkey" FOREIGN KEY ("payout_id") REFERENCES "payout"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "payout_input" ADD CONSTRAINT "payout_input_payout_id_fkey" FOREIGN KEY ("payout_id") REFERENCES "payout"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "payout_transaction" ADD CONSTRAINT "payout_transaction_payout_id_fkey" FOREIGN KEY ("payout_id") REFERENCES "payout"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "withdrawal"
    ADD CONSTRAINT "withdrawal_state_check" CHECK ("state" IN (
        'requested', 'screened', 'awaiting_approval', 'approved', 'cooling_off', 'built', 'awaiting_cosigner',
        'platform_signed', 'broadcast', 'confirmed', 'rejected', 'cancelled', 'expired', 'failed', 'quarantined',
        'replaced'
    )),
    ADD CONSTRAINT "withdrawal_balance_check" CHECK ("balance" IN ('vault', 'spending')),
    ADD CONSTRAINT "withdrawal_destination_check" CHECK (
        "destination" IN ('address', 'vault', 'spending') AND "destination" <> "balance"
    ),
    ADD CONSTRAINT "withdrawal_amount_check" CHECK (
        "amount" > 0 AND "max_fee" >= 0 AND "amount" + "max_fee" <= 2100000000000000
    ),
    ADD CONSTRAINT "withdrawal_payout_check" CHECK (
        ("payout_id" IS NOT NULL) =
            ("state" IN ('built', 'awaiting_cosigner', 'platform_signed', 'broadcast', 'confirmed', 'replaced'))
    ),
    ADD CONSTRAINT "withdrawal_end_check" CHECK (
        ("end_reason" IS NOT NULL) = ("state" IN ('rejected', 'cancelled', 'expired', 'failed'))
    ),
    ADD CONSTRAINT "withdrawal_quarantine_check" CHECK ("state" <> 'quarantined' OR "quarantine_reason" IS NOT NULL),
    ADD CONSTRAINT "withdrawal_cooling_check" CHECK ("state" <> 'cooling_off' OR "cool_until" IS NOT NULL),
    -- What leaves is at most what was held.
    ADD CONSTRAINT "withdrawal_booked_check" CHECK (
        ("booked_amount" IS NOT NULL OR "state" <> 'confirmed')
        AND ("booked_amount" IS NULL OR "booked_amount" BETWEEN "amount" AND "amount" + "max_fee")
    ),
    ADD CONSTRAINT "withdrawal_counts_check" CHECK ("version" >= 1 AND "failures" >= 0 AND "confirmed_cycle" >= 0);

ALTER TABLE "payout"
    ADD CONSTRAINT "payout_version_check" CHECK ("version" >= 1),
    -- Once the signer was asked, the coins stay set aside for this payout.
    ADD CONSTRAINT "payout_released_check" CHECK ("released_at" IS NULL OR "signer_asked_at" IS NULL OR "released_at" >= "signer_asked_at");

ALTER TABLE "payout_input"
    ADD CONSTRAINT "payout_input_outpoint_check" CHECK ("txid" ~ '^[0-9a-f]{64}$' AND "vout" >= 0),
    ADD CONSTRAINT "payout_input_value_check" CHECK ("value" > 0);

-- No coin is promised to two payouts.
CREATE UNIQUE INDEX "payout_input_reserved_key" ON "payout_input"("txid", "vout") WHERE NOT "released";

ALTER TABLE "payout_transaction"
    ADD CONSTRAINT "payout_transaction_number_check" CHECK ("number" >= 1),
    ADD CONSTRAINT "payout_transaction_txid_check" CHECK ("txid" ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT "payout_transaction_fee_check" CHECK ("fee" > 0 AND "fee_rate" > 0),
    -- Nothing is broadcast that was not stored first, and nothing is final without the other cosigner.
    ADD CONSTRAINT "payout_transaction_order_check" CHECK (
        ("transaction" IS NULL OR "cosigned" IS NOT NULL) AND ("broadcast_at" IS NULL OR "transaction" IS NOT NULL)
    );

-- A finished transaction never changes, and neither does what a payout is known by.
CREATE FUNCTION "payout_transaction_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."transaction" IS NOT NULL AND NEW."transaction" IS DISTINCT FROM OLD."transaction" THEN
        RAISE EXCEPTION 'a finished transaction does not change';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "payout_transaction_guard" BEFORE UPDATE ON "payout_transaction"
    FOR EACH ROW EXECUTE FUNCTION "payout_transaction_guard"();

-- A withdrawal that has ended unpaid stays so.
CREATE FUNCTION "withdrawal_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."state" IN ('rejected', 'cancelled', 'expired', 'failed') AND NEW."state" <> OLD."state" THEN
        RAISE EXCEPTION 'this withdrawal has ended';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "withdrawal_guard" BEFORE UPDATE ON "withdrawal"
    FOR EACH ROW EXECUTE FUNCTION "withdrawal_guard"();

GRANT UPDATE ("state", "version", "payout_id", "intent_version", "presented", "cool_until", "quarantine_reason", "end_reason", "hindrance",
    "failures", "confirmed_cycle", "booked_amount", "look_at", "changed_at") ON "withdrawal" TO trilock_app;
GRANT UPDATE ("version", "reserved_until", "signer_asked_at", "released_at") ON "payout" TO trilock_app;
GRANT UPDATE ("released") ON "payout_input" TO trilock_app;
GRANT UPDATE ("cosigned", "transaction", "broadcast_at") ON "payout_transaction" TO trilock_app;

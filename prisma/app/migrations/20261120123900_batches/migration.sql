-- Several withdrawals in one payout, taken apart again when one of them holds the others up; change that is spent
-- before a block has it; children that pay for their parents.

ALTER TABLE "withdrawal"
    ADD COLUMN "alone" BOOLEAN NOT NULL DEFAULT false;

-- Which withdrawals a payout was built for, also when it was taken apart since.
CREATE TABLE "payout_member" (
    "payout_id" UUID NOT NULL,
    "withdrawal_id" UUID NOT NULL,

    CONSTRAINT "payout_member_pkey" PRIMARY KEY ("payout_id","withdrawal_id")
);

CREATE INDEX "payout_member_withdrawal_id_idx" ON "payout_member"("withdrawal_id");
ALTER TABLE "payout_member" ADD CONSTRAINT "payout_member_payout_id_fkey" FOREIGN KEY ("payout_id") REFERENCES "payout"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "payout_member" ADD CONSTRAINT "payout_member_withdrawal_id_fkey" FOREIGN KEY ("withdrawal_id") REFERENCES "withdrawal"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
INSERT INTO "payout_member" SELECT "payout_id", "id" FROM "withdrawal" WHERE "payout_id" IS NOT NULL;

ALTER TABLE "payout"
    ADD COLUMN "abandonment" TEXT,
    ADD CONSTRAINT "payout_abandonment_check" CHECK ("abandonment" IS NULL OR "released_at" IS NOT NULL);

CREATE INDEX "withdrawal_wallet_id_state_idx" ON "withdrawal"("wallet_id", "state");

ALTER TABLE "payout_transaction"
    ADD COLUMN "change_vout" INTEGER,
    ADD COLUMN "change_index" INTEGER,
    ADD COLUMN "change_value" BIGINT,
    ADD COLUMN "child_of" INTEGER,
    ADD CONSTRAINT "payout_transaction_change_check" CHECK (
        ("change_vout" IS NULL) = ("change_value" IS NULL) AND ("change_vout" IS NULL) = ("change_index" IS NULL)
    ),
    -- A child comes after its parent, and all that it pays returns to us.
    ADD CONSTRAINT "payout_transaction_child_check" CHECK (
        "child_of" IS NULL OR ("child_of" >= 1 AND "child_of" < "number" AND "change_vout" IS NOT NULL)
    );

GRANT UPDATE ("alone") ON "withdrawal" TO trilock_app;
GRANT UPDATE ("abandonment") ON "payout" TO trilock_app;

-- What was begun is taken back only as long as no signature has left the signer: then the approvals count again.
CREATE OR REPLACE FUNCTION "queued_intent_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."state" IN ('rejected', 'cancelled', 'expired')
        OR (OLD."state" = 'executed' AND NEW."state" <> 'approved') THEN
        RAISE EXCEPTION 'this intent is settled';
    END IF;
    IF OLD."request" IS NOT NULL AND NEW."request" IS DISTINCT FROM OLD."request" THEN
        RAISE EXCEPTION 'an intent is signed once';
    END IF;
    IF NEW."version" <> OLD."version" + 1 THEN
        RAISE EXCEPTION 'versions go up by one';
    END IF;
    RETURN NEW;
END
$$;

-- Deposits to closed accounts, deposits that people set aside, and what is owed after a reorganisation.

ALTER TABLE "deposit"
    ADD COLUMN "hold_try" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "settle_at" TIMESTAMPTZ(3),
    ADD COLUMN "settle_try" INTEGER NOT NULL DEFAULT 0;

CREATE INDEX "deposit_settle_at_idx" ON "deposit"("settle_at");

ALTER TABLE "deposit"
    DROP CONSTRAINT "deposit_begun_check",
    ADD CONSTRAINT "deposit_begun_check" CHECK (
        num_nonnulls("begun_step", "begun_cycle", "begun_block_hash") IN (0, 3)
        AND "begun_step" IN (
            'hold', 'drop', 'credit', 'quarantine', 'unquarantine', 'reverse', 'recredit', 'set_apart'
        )
        -- What somebody has set aside is not being credited at the same time.
        AND ("begun_step" NOT IN ('credit', 'recredit') OR "quarantine" IS NULL)
    ),
    DROP CONSTRAINT "deposit_quarantine_check",
    ADD CONSTRAINT "deposit_quarantine_check" CHECK (
        "quarantine" IN ('dust', 'address_not_given', 'change_branch', 'account_closed', 'review')
        AND ("customer_id" IS NOT NULL OR "quarantine" IS NOT NULL)
    ),
    DROP CONSTRAINT "deposit_counters_check",
    ADD CONSTRAINT "deposit_counters_check" CHECK (
        "version" >= 1 AND "refusals" >= 0 AND "hold_try" >= 0 AND "settle_try" >= 0
    );

GRANT UPDATE ("quarantine", "hold_try", "settle_at", "settle_try") ON "deposit" TO trilock_app;

-- Policies, what they measure, and the lists they ask: see prisma/app/schema/policy.prisma and src/policy.

CREATE TABLE "policy_version" (
    "number" INTEGER NOT NULL,
    "document" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "previous_hash" TEXT NOT NULL,
    "draft_id" UUID NOT NULL,
    "proposed_by" TEXT NOT NULL,
    "loosens" BOOLEAN NOT NULL,
    "intent_id" UUID,
    "in_force_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "policy_version_pkey" PRIMARY KEY ("number")
);

CREATE TABLE "policy_draft" (
    "id" UUID NOT NULL,
    "document" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "base_version" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "intent_id" UUID,

    CONSTRAINT "policy_draft_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "policy_admission" (
    "intent_id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "judged_at" TIMESTAMPTZ(3) NOT NULL,
    "satoshis" BIGINT NOT NULL,
    "policy_version" INTEGER NOT NULL,
    "ended" BOOLEAN NOT NULL,
    "facts" TEXT NOT NULL,
    "decision" TEXT NOT NULL,

    CONSTRAINT "policy_admission_pkey" PRIMARY KEY ("intent_id")
);

CREATE TABLE "policy_payment" (
    "intent_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "customer_id" UUID NOT NULL,
    "judged_at" TIMESTAMPTZ(3) NOT NULL,
    "satoshis" BIGINT NOT NULL,
    "paid" BOOLEAN NOT NULL DEFAULT false,
    "ended" BOOLEAN NOT NULL,

    CONSTRAINT "policy_payment_pkey" PRIMARY KEY ("intent_id","address")
);

CREATE TABLE "policy_flow" (
    "scope" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "satoshis" BIGINT NOT NULL,
    "withdrawals" INTEGER NOT NULL,

    CONSTRAINT "policy_flow_pkey" PRIMARY KEY ("scope","key","hour")
);

CREATE TABLE "policy_check" (
    "manifest_number" INTEGER NOT NULL,
    "policy_version" INTEGER NOT NULL,
    "problems" INTEGER NOT NULL,
    "checked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "policy_check_pkey" PRIMARY KEY ("manifest_number","policy_version")
);

CREATE TABLE "address_book_entry" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL,
    "usable_at" TIMESTAMPTZ(3) NOT NULL,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "address_book_entry_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "allow_list_choice" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "only_known" BOOLEAN NOT NULL,
    "chosen_at" TIMESTAMPTZ(3) NOT NULL,
    "begins_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "allow_list_choice_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "risk_score" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "score" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "judged_by" TEXT NOT NULL,
    "judged_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "risk_score_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "listed_address" (
    "id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "reputation" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "entered_by" TEXT NOT NULL,
    "entered_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "import_id" UUID,

    CONSTRAINT "listed_address_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "list_import" (
    "id" UUID NOT NULL,
    "source" TEXT NOT NULL,
    "published_on" DATE NOT NULL,
    "sha256" TEXT NOT NULL,
    "addresses" INTEGER NOT NULL,
    "added" INTEGER NOT NULL,
    "dropped" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL,
    "imported_by" TEXT NOT NULL,
    "imported_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "list_import_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "policy_version_draft_id_key" ON "policy_version"("draft_id");

CREATE UNIQUE INDEX "policy_version_intent_id_key" ON "policy_version"("intent_id");

CREATE UNIQUE INDEX "policy_draft_intent_id_key" ON "policy_draft"("intent_id");

CREATE INDEX "policy_draft_created_at_idx" ON "policy_draft"("created_at");

CREATE INDEX "policy_admission_judged_at_intent_id_idx" ON "policy_admission"("judged_at", "intent_id");

CREATE INDEX "policy_payment_address_customer_id_judged_at_idx" ON "policy_payment"("address", "customer_id", "judged_at");

CREATE INDEX "address_book_entry_customer_id_address_idx" ON "address_book_entry"("customer_id", "address");

CREATE INDEX "allow_list_choice_customer_id_begins_at_idx" ON "allow_list_choice"("customer_id", "begins_at");

CREATE INDEX "risk_score_customer_id_id_idx" ON "risk_score"("customer_id", "id");

CREATE INDEX "listed_address_address_idx" ON "listed_address"("address");

CREATE INDEX "listed_address_source_reference_idx" ON "listed_address"("source", "reference");

CREATE INDEX "list_import_source_published_on_idx" ON "list_import"("source", "published_on");

ALTER TABLE "policy_version" ADD CONSTRAINT "policy_version_draft_id_fkey" FOREIGN KEY ("draft_id") REFERENCES "policy_draft"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "policy_payment" ADD CONSTRAINT "policy_payment_intent_id_fkey" FOREIGN KEY ("intent_id") REFERENCES "policy_admission"("intent_id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "address_book_entry" ADD CONSTRAINT "address_book_entry_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "allow_list_choice" ADD CONSTRAINT "allow_list_choice_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "risk_score" ADD CONSTRAINT "risk_score_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "listed_address" ADD CONSTRAINT "listed_address_import_id_fkey" FOREIGN KEY ("import_id") REFERENCES "list_import"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What concerns the institution alone is about no customer.
ALTER TABLE "queued_intent" ALTER COLUMN "customer_id" DROP NOT NULL;

ALTER TABLE "policy_version"
    -- Version 1 is built in.
    ADD CONSTRAINT "policy_version_number_check" CHECK ("number" >= 2),
    ADD CONSTRAINT "policy_version_hash_check" CHECK ("hash" ~ '^[0-9a-f]{64}$' AND "previous_hash" ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT "policy_version_document_check" CHECK (octet_length("document") <= 240000),
    ADD CONSTRAINT "policy_version_proposed_by_check" CHECK ("proposed_by" ~ '^stf_[0-9a-z]{26}$'),
    -- What may let more through was approved by people.
    ADD CONSTRAINT "policy_version_approved_check" CHECK ("loosens" = ("intent_id" IS NOT NULL));

ALTER TABLE "policy_draft"
    ADD CONSTRAINT "policy_draft_hash_check" CHECK ("hash" ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT "policy_draft_document_check" CHECK (octet_length("document") <= 240000),
    ADD CONSTRAINT "policy_draft_base_check" CHECK ("base_version" >= 1),
    ADD CONSTRAINT "policy_draft_created_by_check" CHECK ("created_by" ~ '^stf_[0-9a-z]{26}$');
GRANT UPDATE ("intent_id") ON "policy_draft" TO trilock_app;

-- Versions follow each other without a gap, each naming the one before.
CREATE FUNCTION "policy_version_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last RECORD;
BEGIN
    SELECT "number", "hash" INTO last FROM "policy_version" ORDER BY "number" DESC LIMIT 1;
    IF NEW."number" <> COALESCE(last."number", 1) + 1 THEN
        RAISE EXCEPTION 'policy version % does not follow', NEW."number";
    END IF;
    IF last."hash" IS NOT NULL AND NEW."previous_hash" <> last."hash" THEN
        RAISE EXCEPTION 'policy version % follows another policy', NEW."number";
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "policy_version_guard" BEFORE INSERT ON "policy_version"
    FOR EACH ROW EXECUTE FUNCTION "policy_version_guard"();

-- A draft goes into the queue once.
CREATE FUNCTION "policy_draft_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."intent_id" IS NOT NULL THEN
        RAISE EXCEPTION 'this draft has an intent already';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "policy_draft_guard" BEFORE UPDATE ON "policy_draft"
    FOR EACH ROW EXECUTE FUNCTION "policy_draft_guard"();

ALTER TABLE "policy_admission"
    ADD CONSTRAINT "policy_admission_satoshis_check" CHECK ("satoshis" > 0),
    ADD CONSTRAINT "policy_admission_version_check" CHECK ("policy_version" >= 1);
ALTER TABLE "policy_payment"
    ADD CONSTRAINT "policy_payment_satoshis_check" CHECK ("satoshis" > 0),
    ADD CONSTRAINT "policy_payment_address_check" CHECK (length("address") BETWEEN 14 AND 100);
ALTER TABLE "policy_flow"
    ADD CONSTRAINT "policy_flow_scope_check" CHECK ("scope" IN ('customer', 'destination', 'global')),
    ADD CONSTRAINT "policy_flow_sums_check" CHECK ("satoshis" >= 0 AND "withdrawals" >= 0);

-- The sums are the database's own work: nobody else writes them, so they always equal the rows that they add up.
REVOKE INSERT ON "policy_flow" FROM trilock_app;

-- A row that counts is added to its sums; one that has ended is taken out again. The global sum first, then the
-- customer's, so that two of them never wait for each other.
CREATE FUNCTION "policy_admission_flow"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO app."policy_flow" AS flow ("scope", "key", "hour", "satoshis", "withdrawals")
        VALUES ('global', '', date_trunc('hour', NEW."judged_at", 'UTC'), NEW."satoshis", 1)
        ON CONFLICT ("scope", "key", "hour") DO UPDATE
        SET "satoshis" = flow."satoshis" + EXCLUDED."satoshis", "withdrawals" = flow."withdrawals" + 1;
        INSERT INTO app."policy_flow" AS flow ("scope", "key", "hour", "satoshis", "withdrawals")
        VALUES ('customer', NEW."customer_id"::text, date_trunc('hour', NEW."judged_at", 'UTC'), NEW."satoshis", 1)
        ON CONFLICT ("scope", "key", "hour") DO UPDATE
        SET "satoshis" = flow."satoshis" + EXCLUDED."satoshis", "withdrawals" = flow."withdrawals" + 1;
    ELSE
        UPDATE app."policy_flow"
        SET "satoshis" = "satoshis" - OLD."satoshis", "withdrawals" = "withdrawals" - 1
        WHERE "scope" = 'global' AND "key" = '' AND "hour" = date_trunc('hour', OLD."judged_at", 'UTC');
        UPDATE app."policy_flow"
        SET "satoshis" = "satoshis" - OLD."satoshis", "withdrawals" = "withdrawals" - 1
        WHERE "scope" = 'customer' AND "key" = OLD."customer_id"::text
            AND "hour" = date_trunc('hour', OLD."judged_at", 'UTC');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER "policy_admission_counts" AFTER INSERT ON "policy_admission"
    FOR EACH ROW WHEN (NOT NEW."ended") EXECUTE FUNCTION "policy_admission_flow"();
CREATE TRIGGER "policy_admission_ends" AFTER UPDATE OF "ended" ON "policy_admission"
    FOR EACH ROW WHEN (NEW."ended" AND NOT OLD."ended") EXECUTE FUNCTION "policy_admission_flow"();

CREATE FUNCTION "policy_payment_flow"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO app."policy_flow" AS flow ("scope", "key", "hour", "satoshis", "withdrawals")
        VALUES ('destination', NEW."address", date_trunc('hour', NEW."judged_at", 'UTC'), NEW."satoshis", 1)
        ON CONFLICT ("scope", "key", "hour") DO UPDATE
        SET "satoshis" = flow."satoshis" + EXCLUDED."satoshis", "withdrawals" = flow."withdrawals" + 1;
    ELSE
        UPDATE app."policy_flow"
        SET "satoshis" = "satoshis" - OLD."satoshis", "withdrawals" = "withdrawals" - 1
        WHERE "scope" = 'destination' AND "key" = OLD."address"
            AND "hour" = date_trunc('hour', OLD."judged_at", 'UTC');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER "policy_payment_counts" AFTER INSERT ON "policy_payment"
    FOR EACH ROW WHEN (NOT NEW."ended") EXECUTE FUNCTION "policy_payment_flow"();
CREATE TRIGGER "policy_payment_ends" AFTER UPDATE OF "ended" ON "policy_payment"
    FOR EACH ROW WHEN (NEW."ended" AND NOT OLD."ended") EXECUTE FUNCTION "policy_payment_flow"();

-- What becomes of a withdrawal is noted in the transaction that decides it: one that has ended unpaid is not measured
-- any more, one whose transaction is out makes its payees known.
CREATE FUNCTION "policy_withdrawal_moved"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW."state" = 'broadcast' THEN
        UPDATE app."policy_payment" SET "paid" = true WHERE "intent_id" = NEW."intent_id" AND NOT "paid";
    ELSE
        UPDATE app."policy_admission" SET "ended" = true WHERE "intent_id" = NEW."intent_id" AND NOT "ended";
        UPDATE app."policy_payment" SET "ended" = true WHERE "intent_id" = NEW."intent_id" AND NOT "ended";
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER "policy_withdrawal_moved" AFTER UPDATE OF "state" ON "withdrawal"
    FOR EACH ROW WHEN (
        NEW."state" IN ('broadcast', 'rejected', 'cancelled', 'expired', 'failed') AND OLD."state" <> NEW."state"
    )
    EXECUTE FUNCTION "policy_withdrawal_moved"();

ALTER TABLE "policy_check" ADD CONSTRAINT "policy_check_check" CHECK ("problems" >= 0 AND "policy_version" >= 1);

ALTER TABLE "address_book_entry"
    ADD CONSTRAINT "address_book_entry_label_check" CHECK (length("label") BETWEEN 1 AND 80),
    ADD CONSTRAINT "address_book_entry_times_check" CHECK ("usable_at" >= "added_at" AND "removed_at" >= "added_at");
-- A destination is named once at a time.
CREATE UNIQUE INDEX "address_book_entry_current_key" ON "address_book_entry"("customer_id", "address") WHERE "removed_at" IS NULL;
GRANT UPDATE ("removed_at") ON "address_book_entry" TO trilock_app;

ALTER TABLE "allow_list_choice"
    -- Closing the list works at once; opening it takes its time.
    ADD CONSTRAINT "allow_list_choice_times_check" CHECK ("begins_at" >= "chosen_at");

ALTER TABLE "risk_score"
    ADD CONSTRAINT "risk_score_score_check" CHECK ("score" BETWEEN 0 AND 100),
    ADD CONSTRAINT "risk_score_reason_check" CHECK (length("reason") BETWEEN 1 AND 500),
    ADD CONSTRAINT "risk_score_judged_by_check" CHECK ("judged_by" ~ '^stf_[0-9a-z]{26}$');

ALTER TABLE "listed_address"
    ADD CONSTRAINT "listed_address_reputation_check" CHECK ("reputation" IN ('watched', 'blocked', 'sanctioned')),
    ADD CONSTRAINT "listed_address_source_check" CHECK (
        ("source" = 'staff' AND "import_id" IS NULL AND "expires_at" IS NOT NULL)
        OR ("source" = 'ofac-sdn' AND "import_id" IS NOT NULL AND "reputation" = 'sanctioned')
    ),
    ADD CONSTRAINT "listed_address_texts_check" CHECK (length("reference") <= 200 AND length("reason") BETWEEN 1 AND 500),
    ADD CONSTRAINT "listed_address_times_check" CHECK ("expires_at" > "entered_at");
CREATE UNIQUE INDEX "listed_address_published_key" ON "listed_address"("source", "reference", "address") WHERE "import_id" IS NOT NULL;
GRANT UPDATE ("expires_at", "import_id") ON "listed_address" TO trilock_app;

-- Only what was imported is renewed or dropped, by a later import; what staff entered ends when it says.
CREATE FUNCTION "listed_address_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."import_id" IS NULL THEN
        RAISE EXCEPTION 'an entry of staff does not change';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "listed_address_guard" BEFORE UPDATE ON "listed_address"
    FOR EACH ROW EXECUTE FUNCTION "listed_address_guard"();

ALTER TABLE "list_import"
    ADD CONSTRAINT "list_import_source_check" CHECK ("source" = 'ofac-sdn'),
    ADD CONSTRAINT "list_import_sha256_check" CHECK ("sha256" ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT "list_import_counts_check" CHECK ("addresses" >= 0 AND "added" >= 0 AND "dropped" >= 0 AND "skipped" >= 0);

-- Restrictions of customers' accounts: see prisma/app/schema/freeze.prisma and src/freeze/restriction.ts.

CREATE TABLE "restriction" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "reason_code" TEXT NOT NULL,
    "public_text" TEXT NOT NULL,
    "restricted_text" TEXT NOT NULL,
    "review_at" TIMESTAMPTZ(3),
    "opened_by" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "release_intent_id" UUID,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "look_at" TIMESTAMPTZ(3),

    CONSTRAINT "restriction_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "restriction_release_intent_id_key" ON "restriction"("release_intent_id");
CREATE INDEX "restriction_customer_id_state_idx" ON "restriction"("customer_id", "state");
CREATE INDEX "restriction_look_at_idx" ON "restriction"("look_at");

ALTER TABLE "restriction" ADD CONSTRAINT "restriction_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "restriction"
    ADD CONSTRAINT "restriction_kind_check" CHECK ("kind" IN ('whole_lock', 'case')),
    ADD CONSTRAINT "restriction_state_check" CHECK (
        ("state" IN ('freezing', 'in_force') AND "release_intent_id" IS NULL)
        OR ("state" IN ('releasing', 'released') AND "release_intent_id" IS NOT NULL)
    ),
    ADD CONSTRAINT "restriction_look_check" CHECK (("look_at" IS NOT NULL) = ("state" IN ('freezing', 'releasing'))),
    ADD CONSTRAINT "restriction_reason_check" CHECK ("reason_code" ~ '^[a-z_]{1,40}$'),
    ADD CONSTRAINT "restriction_texts_check" CHECK (length("public_text") <= 500 AND length("restricted_text") <= 2000),
    ADD CONSTRAINT "restriction_opened_by_check" CHECK ("opened_by" ~ '^(cus|stf)_[0-9a-z]{26}$'),
    -- Staff who restrict an account say when somebody looks at it again.
    ADD CONSTRAINT "restriction_review_check" CHECK ("kind" <> 'case' OR "review_at" IS NOT NULL);

-- A restriction begins by freezing, and what has been released stays so: another one is a row of its own.
CREATE FUNCTION "restriction_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW."state" <> 'freezing' THEN
            RAISE EXCEPTION 'a restriction begins by freezing';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD."state" = NEW."state" AND OLD."version" = NEW."version" THEN
        RETURN NEW;
    END IF;
    IF (OLD."state", NEW."state") NOT IN (
        ('freezing', 'in_force'), ('in_force', 'releasing'), ('releasing', 'released'), ('releasing', 'in_force')
    ) THEN
        RAISE EXCEPTION 'a restriction that is % cannot become %', OLD."state", NEW."state";
    END IF;
    IF NEW."version" <> OLD."version" + 1 THEN
        RAISE EXCEPTION 'versions go up by one';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "restriction_guard" BEFORE INSERT OR UPDATE ON "restriction"
    FOR EACH ROW EXECUTE FUNCTION "restriction_guard"();

GRANT UPDATE ("state", "version", "release_intent_id", "changed_at", "look_at") ON "restriction" TO trilock_app;

-- Approvals become void when the account that they are about was restricted meanwhile: a new round begins, and what
-- was said in earlier ones stays to be read.
ALTER TABLE "queued_intent" ADD COLUMN "round" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "queued_intent" ADD CONSTRAINT "queued_intent_round_check" CHECK ("round" >= 1);
ALTER TABLE "intent_approval" ADD COLUMN "round" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "intent_approval" DROP CONSTRAINT "intent_approval_pkey";
ALTER TABLE "intent_approval" ADD CONSTRAINT "intent_approval_pkey" PRIMARY KEY ("intent_id", "staff_id", "decision", "round");
GRANT UPDATE ("round") ON "queued_intent" TO trilock_app;

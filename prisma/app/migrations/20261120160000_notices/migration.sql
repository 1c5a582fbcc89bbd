-- Notices to customers: see src/notices.

CREATE TABLE "notice_phone" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "number" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3),

    CONSTRAINT "notice_phone_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "notice" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "channel" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "claimed_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),
    "failure" TEXT,

    CONSTRAINT "notice_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "notice_cursor" (
    "name" TEXT NOT NULL,
    "position" BIGINT NOT NULL,

    CONSTRAINT "notice_cursor_pkey" PRIMARY KEY ("name")
);

CREATE INDEX "notice_phone_customer_id_idx" ON "notice_phone"("customer_id");
CREATE INDEX "notice_state_next_attempt_at_idx" ON "notice"("state", "next_attempt_at");
CREATE INDEX "notice_customer_id_idx" ON "notice"("customer_id");
CREATE UNIQUE INDEX "notice_event_id_channel_address_key" ON "notice"("event_id", "channel", "address");

ALTER TABLE "notice_phone" ADD CONSTRAINT "notice_phone_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "notice" ADD CONSTRAINT "notice_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "notice" ADD CONSTRAINT "notice_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "outbox_event"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- One number at a time; a replaced one says until when it is still told.
CREATE UNIQUE INDEX "notice_phone_current_key" ON "notice_phone"("customer_id") WHERE "until" IS NULL;

ALTER TABLE "notice_phone"
    ADD CONSTRAINT "notice_phone_number_check" CHECK ("number" ~ '^\+[1-9][0-9]{6,14}$'),
    ADD CONSTRAINT "notice_phone_until_check" CHECK ("until" IS NULL OR "until" > "since");

ALTER TABLE "notice"
    ADD CONSTRAINT "notice_channel_check" CHECK ("channel" IN ('email', 'sms')),
    ADD CONSTRAINT "notice_attempts_check" CHECK ("attempts" >= 0),
    ADD CONSTRAINT "notice_text_check" CHECK (length("subject") <= 200 AND length("text") <= 2000),
    ADD CONSTRAINT "notice_failure_check" CHECK (length("failure") <= 200),
    ADD CONSTRAINT "notice_state_check" CHECK (
        ("state" = 'pending' AND "settled_at" IS NULL)
        OR ("state" IN ('sent', 'failed') AND "settled_at" IS NOT NULL)
    );

-- What was there before anybody was told by notices stays untold.
INSERT INTO "notice_cursor" ("name", "position")
SELECT 'notices', COALESCE(max("position"), 0) FROM "outbox_seal";

GRANT UPDATE ("until") ON "notice_phone" TO trilock_app;
GRANT UPDATE ("state", "attempts", "next_attempt_at", "claimed_until", "settled_at", "failure") ON "notice" TO trilock_app;
GRANT UPDATE ("position") ON "notice_cursor" TO trilock_app;

-- Webhooks: see src/events/webhooks.

CREATE TABLE "webhook_endpoint" (
    "id" UUID NOT NULL,
    "customer_id" UUID,
    "integrator_id" UUID,
    "url" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "event_types" TEXT[],
    "state" TEXT NOT NULL,
    "disabled_reason" TEXT,
    "secret_sealed" BYTEA,
    "previous_sealed" BYTEA,
    "previous_until" TIMESTAMPTZ(3),
    "failing_since" TIMESTAMPTZ(3),
    "from_position" BIGINT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_endpoint_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "webhook_delivery" (
    "id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "claimed_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "webhook_attempt" (
    "delivery_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "latency_ms" INTEGER NOT NULL,
    "status" INTEGER,
    "failure" TEXT,
    "response" TEXT NOT NULL,

    CONSTRAINT "webhook_attempt_pkey" PRIMARY KEY ("delivery_id", "number")
);

CREATE TABLE "webhook_cursor" (
    "name" TEXT NOT NULL,
    "position" BIGINT NOT NULL,

    CONSTRAINT "webhook_cursor_pkey" PRIMARY KEY ("name")
);

CREATE INDEX "webhook_endpoint_customer_id_idx" ON "webhook_endpoint"("customer_id");
CREATE INDEX "webhook_endpoint_integrator_id_idx" ON "webhook_endpoint"("integrator_id");
CREATE INDEX "webhook_delivery_endpoint_id_state_next_attempt_at_idx" ON "webhook_delivery"("endpoint_id", "state", "next_attempt_at");
CREATE UNIQUE INDEX "webhook_delivery_endpoint_id_event_id_key" ON "webhook_delivery"("endpoint_id", "event_id");

ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_endpoint_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_endpoint_integrator_id_fkey" FOREIGN KEY ("integrator_id") REFERENCES "integrator"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "webhook_endpoint"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "outbox_event"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "webhook_attempt" ADD CONSTRAINT "webhook_attempt_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "webhook_delivery"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "webhook_endpoint"
    ADD CONSTRAINT "webhook_endpoint_owner_check" CHECK (num_nonnulls("customer_id", "integrator_id") = 1),
    ADD CONSTRAINT "webhook_endpoint_url_check" CHECK ("url" ~ '^https?://' AND length("url") <= 2000),
    ADD CONSTRAINT "webhook_endpoint_description_check" CHECK (length("description") <= 200),
    ADD CONSTRAINT "webhook_endpoint_state_check" CHECK (
        ("state" = 'enabled' AND "disabled_reason" IS NULL AND "secret_sealed" IS NOT NULL)
        OR ("state" = 'disabled' AND "disabled_reason" IN ('owner', 'gone', 'failing') AND "secret_sealed" IS NOT NULL)
        OR ("state" = 'deleted' AND "secret_sealed" IS NULL AND "previous_sealed" IS NULL)
    ),
    ADD CONSTRAINT "webhook_endpoint_previous_check" CHECK (("previous_sealed" IS NULL) = ("previous_until" IS NULL));

ALTER TABLE "webhook_delivery"
    ADD CONSTRAINT "webhook_delivery_state_check" CHECK (
        ("state" = 'pending' AND "settled_at" IS NULL)
        OR ("state" IN ('delivered', 'failed') AND "settled_at" IS NOT NULL)
    ),
    ADD CONSTRAINT "webhook_delivery_attempts_check" CHECK ("tries" >= 0 AND "attempts" >= "tries");

ALTER TABLE "webhook_attempt"
    ADD CONSTRAINT "webhook_attempt_result_check" CHECK (("status" IS NULL) = ("failure" IS NOT NULL)),
    ADD CONSTRAINT "webhook_attempt_response_check" CHECK (length("response") <= 1024);

INSERT INTO "webhook_cursor" ("name", "position") VALUES ('deliveries', 0);

GRANT UPDATE ("url", "description", "event_types", "state", "disabled_reason", "secret_sealed", "previous_sealed",
    "previous_until", "failing_since", "version") ON "webhook_endpoint" TO trilock_app;
GRANT UPDATE ("state", "attempts", "tries", "next_attempt_at", "claimed_until", "settled_at")
    ON "webhook_delivery" TO trilock_app;
GRANT UPDATE ("position") ON "webhook_cursor" TO trilock_app;

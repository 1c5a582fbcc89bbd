-- Whom an event concerns, as its sealed content says it.

ALTER TABLE "outbox_event" ADD COLUMN "customer" TEXT;

CREATE INDEX "outbox_event_customer_id_idx" ON "outbox_event"("customer", "id");

ALTER TABLE "outbox_event"
    ADD CONSTRAINT "outbox_event_customer" CHECK (("content"::jsonb ->> 'customer') IS NOT DISTINCT FROM "customer");

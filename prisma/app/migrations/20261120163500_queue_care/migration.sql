-- Working on the approval queue together: who looks after an intent, what staff note, and whom it was taken further to.
-- Nothing here counts as an approval.

CREATE TABLE "intent_claim" (
    "intent_id" UUID NOT NULL,
    "staff_id" UUID NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "intent_claim_pkey" PRIMARY KEY ("intent_id")
);

CREATE TABLE "intent_comment" (
    "id" UUID NOT NULL,
    "intent_id" UUID NOT NULL,
    "staff_id" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "intent_comment_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "intent_comment_size" CHECK (length("text") BETWEEN 1 AND 1000)
);

CREATE TABLE "intent_escalation" (
    "intent_id" UUID NOT NULL,
    "escalated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "intent_escalation_pkey" PRIMARY KEY ("intent_id")
);

CREATE INDEX "intent_comment_intent_id_at_idx" ON "intent_comment"("intent_id", "at");

ALTER TABLE "intent_claim" ADD CONSTRAINT "intent_claim_intent_id_fkey" FOREIGN KEY ("intent_id") REFERENCES "queued_intent"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "intent_comment" ADD CONSTRAINT "intent_comment_intent_id_fkey" FOREIGN KEY ("intent_id") REFERENCES "queued_intent"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "intent_escalation" ADD CONSTRAINT "intent_escalation_intent_id_fkey" FOREIGN KEY ("intent_id") REFERENCES "queued_intent"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A claim changes hands; comments and escalations stay.
GRANT UPDATE ("staff_id", "claimed_at"), DELETE ON "intent_claim" TO trilock_app;

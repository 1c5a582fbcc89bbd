-- Recovery drills as they were planned, by the schedule or by somebody. Answers are judged by what stands here.
CREATE TABLE "drill" (
    "id" TEXT NOT NULL,
    "network" TEXT NOT NULL,
    "planned_at" TIMESTAMPTZ(3) NOT NULL,
    "request" TEXT NOT NULL,
    "written_at" TIMESTAMPTZ(3),

    CONSTRAINT "drill_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "drill_network_planned_at_idx" ON "drill"("network", "planned_at");

ALTER TABLE "drill" ADD CONSTRAINT "drill_id_check" CHECK ("id" ~ '^[0-9a-f]{32}$');
GRANT UPDATE ("written_at") ON "drill" TO trilock_app;

-- Keys in hardware wallets sign texts.
ALTER TABLE "recovery_proof" ADD COLUMN "form" TEXT NOT NULL DEFAULT 'bip322';
ALTER TABLE "recovery_proof" ADD CONSTRAINT "recovery_proof_form_check" CHECK ("form" IN ('bip322', 'message'));

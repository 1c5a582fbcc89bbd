-- One alarm for each time that the proofs of a wallet become too old. Append-only.
CREATE TABLE "recovery_alarm" (
    "wallet_id" UUID NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "raised_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "recovery_alarm_pkey" PRIMARY KEY ("wallet_id", "since")
);

ALTER TABLE "recovery_alarm" ADD CONSTRAINT "recovery_alarm_wallet_id_fkey"
    FOREIGN KEY ("wallet_id") REFERENCES "wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

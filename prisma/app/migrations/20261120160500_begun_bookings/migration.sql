-- What is about to be booked of a payout is written down before it is booked.

ALTER TABLE "payout"
    ADD COLUMN "begun_booking" TEXT,
    ADD COLUMN "begun_txid" TEXT,
    ADD COLUMN "begun_height" INTEGER,
    ADD COLUMN "begun_fee" BIGINT,
    ADD CONSTRAINT "payout_begun_check" CHECK (
        CASE "begun_booking"
            WHEN 'confirm' THEN "begun_txid" IS NOT NULL AND "begun_height" IS NOT NULL AND "begun_fee" IS NOT NULL
                AND "begun_txid" ~ '^[0-9a-f]{64}$' AND "begun_height" >= 0 AND "begun_fee" > 0
            ELSE "begun_txid" IS NULL AND "begun_height" IS NULL AND "begun_fee" IS NULL
                AND ("begun_booking" IS NULL OR "begun_booking" = 'unconfirm')
        END
    );

GRANT UPDATE ("begun_booking", "begun_txid", "begun_height", "begun_fee") ON "payout" TO trilock_app;

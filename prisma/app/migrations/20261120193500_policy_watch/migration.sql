-- That people can meet the policy is checked again when somebody of the manifest is suspended.
ALTER TABLE "policy_check" ADD COLUMN "away" TEXT NOT NULL DEFAULT '';
ALTER TABLE "policy_check" DROP CONSTRAINT "policy_check_pkey";
ALTER TABLE "policy_check" ADD CONSTRAINT "policy_check_pkey" PRIMARY KEY ("manifest_number", "policy_version", "away");
ALTER TABLE "policy_check" ADD CONSTRAINT "policy_check_away_check" CHECK ("away" ~ '^([0-9a-f]{64})?$');

-- Of each version it is checked once by whose word it came into force: a row alone puts nothing in force unseen.
CREATE TABLE "policy_origin" (
    "number" INTEGER NOT NULL,
    "problem" TEXT,
    "checked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "policy_origin_pkey" PRIMARY KEY ("number")
);
ALTER TABLE "policy_origin" ADD CONSTRAINT "policy_origin_check"
    CHECK ("number" >= 2 AND length("problem") BETWEEN 1 AND 500);

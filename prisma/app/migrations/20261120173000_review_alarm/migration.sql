-- People are told once that the review of a restriction is due.
ALTER TABLE "restriction" ADD COLUMN "review_told" BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX "restriction_review_due" ON "restriction"("review_at") WHERE NOT "review_told" AND "state" <> 'released';
GRANT UPDATE ("review_told") ON "restriction" TO trilock_app;

-- Endpoints that others must approve before anything is sent there.

ALTER TABLE "webhook_endpoint"
    DROP CONSTRAINT "webhook_endpoint_state_check",
    ADD CONSTRAINT "webhook_endpoint_state_check" CHECK (
        ("state" = 'enabled' AND "disabled_reason" IS NULL AND "secret_sealed" IS NOT NULL)
        OR ("state" = 'disabled' AND "disabled_reason" IN ('owner', 'gone', 'failing', 'unapproved')
            AND "secret_sealed" IS NOT NULL)
        OR ("state" = 'deleted' AND "secret_sealed" IS NULL AND "previous_sealed" IS NULL)
    );

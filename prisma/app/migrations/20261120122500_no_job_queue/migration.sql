-- Work is found by the state of what it is about, so there is no queue. Earlier versions deployed one that nothing used.
-- A schema of that name that somebody else made in this database is left alone.
DO $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM pg_namespace
        WHERE nspname = 'graphile_worker' AND pg_get_userbyid(nspowner) = current_user
    ) THEN
        DROP SCHEMA graphile_worker CASCADE;
    END IF;
END $$;

-- What the login role may do. A new table can be read and appended to; a migration that needs more says so
-- table by table (GRANT UPDATE, DELETE ON ...), so whatever nobody mentions stays append-only.
GRANT USAGE ON SCHEMA signer TO trilock_signer;
ALTER DEFAULT PRIVILEGES IN SCHEMA signer GRANT SELECT, INSERT ON TABLES TO trilock_signer;
ALTER DEFAULT PRIVILEGES IN SCHEMA signer GRANT USAGE, SELECT ON SEQUENCES TO trilock_signer;
ALTER DEFAULT PRIVILEGES IN SCHEMA signer GRANT EXECUTE ON FUNCTIONS TO trilock_signer;
-- PostgreSQL lets everybody run a new function unless told otherwise.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- What the login role may do. A new table can be read and appended to; a migration that needs more says so
-- table by table (GRANT UPDATE, DELETE ON ...), so whatever nobody mentions stays append-only.
GRANT USAGE ON SCHEMA ledger TO trilock_ledger;
ALTER DEFAULT PRIVILEGES IN SCHEMA ledger GRANT SELECT, INSERT ON TABLES TO trilock_ledger;
ALTER DEFAULT PRIVILEGES IN SCHEMA ledger GRANT USAGE, SELECT ON SEQUENCES TO trilock_ledger;
ALTER DEFAULT PRIVILEGES IN SCHEMA ledger GRANT EXECUTE ON FUNCTIONS TO trilock_ledger;
-- PostgreSQL lets everybody run a new function unless told otherwise.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

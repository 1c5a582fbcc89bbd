/** The three sets of tables. Each is a PostgreSQL schema of this name with a login role of its own. */
export type DatabaseSchema = 'app' | 'ledger' | 'signer';

export const DATABASE_SCHEMAS = ['app', 'ledger', 'signer'] as const satisfies readonly DatabaseSchema[];

/** Owns every schema and table and cannot sign in: nobody alters a table by accident or with a stolen password. */
export const OWNER_ROLE = 'trilock_owner';

/** The login role that may use a schema. Migrations name these roles, so their names are fixed. */
export const LOGIN_ROLES = {
  app: 'trilock_app',
  ledger: 'trilock_ledger',
  signer: 'trilock_signer',
} as const satisfies Record<DatabaseSchema, string>;

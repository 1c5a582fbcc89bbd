export { isDatabaseAway } from './database-away.ts';
export { openDatabase, type Database } from './database.ts';
export * from './sealing/index.ts';
export { inTransaction, type DatabaseTransaction, type DatabaseTransactionOptions } from './transaction.ts';
export { sqlState } from './sql-state.ts';
export { isUniqueViolation } from './unique-violation.ts';
export { Prisma } from './generated/client.ts';
export type * from './generated/client.ts';

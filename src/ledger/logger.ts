/** What the ledger needs of a structured logger; pino fits. Messages never hold amounts or user data. */
export interface LedgerLogger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

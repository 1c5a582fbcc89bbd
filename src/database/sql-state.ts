/** Prisma wraps what the driver said in its own error, under `meta` or `cause` depending on the operation. */
const WRAPPERS = ['meta', 'driverAdapterError', 'cause'] as const;
const MAX_DEPTH = 5;

/**
 * The SQLSTATE that PostgreSQL gave (`23505` unique violation, `23514` check violation, `40001` serialization
 * failure, `42501` permission denied), found inside an error of the Prisma client; undefined when the error did
 * not come from the database.
 */
export function sqlState(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > MAX_DEPTH) return undefined;
  if ('originalCode' in error && typeof error.originalCode === 'string') return error.originalCode;
  for (const wrapper of WRAPPERS) {
    const found = sqlState((error as Record<string, unknown>)[wrapper], depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

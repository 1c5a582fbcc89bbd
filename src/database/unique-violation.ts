import { Prisma } from './generated/client.ts';
import { sqlState } from './sql-state.ts';

const UNIQUE_CONSTRAINT = 'P2002';
const UNIQUE_VIOLATION = '23505';

/** Whether the database refused a row because something in it that must be unique is there already. */
export function isUniqueViolation(thrown: unknown): boolean {
  const named = thrown instanceof Prisma.PrismaClientKnownRequestError && thrown.code === UNIQUE_CONSTRAINT;
  return named || sqlState(thrown) === UNIQUE_VIOLATION;
}

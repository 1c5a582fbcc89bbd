import { Prisma } from './generated/client.ts';

/** Prisma: not reachable, timed out, closed by the server, no connection in time, no transaction in time, too many. */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037']);
/** SQLSTATE: shutting down, crashed, starting up, too many connections, read-only after a failover. */
const SQL_STATES = new Set(['57P01', '57P02', '57P03', '53300', '25006']);
/** SQLSTATE class of connection failures. */
const CONNECTION_CLASS = '08';
const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** What `pg` says in words alone. */
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout)/;

function isState(code: string): boolean {
  return SQL_STATES.has(code) || (/^[0-9A-Z]{5}$/.test(code) && code.startsWith(CONNECTION_CLASS));
}

/** Prisma's driver adapter. */
const KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
]);
/** Prisma keeps what the driver said in one of these, several deep. */
const WRAPPERS = ['meta', 'driverAdapterError', 'cause'] as const;
const MAX_DEPTH = 6;

function isCode(code: unknown): boolean {
  return typeof code === 'string' && (PRISMA_CODES.has(code) || SYSTEM_CODES.has(code) || isState(code));
}

/**
 * Whether a statement failed since the database could not be reached, was stopping or starting, or had no connection
 * left: nothing is wrong with the statement, and it may succeed later. What was under way may have been committed.
 */
export function isDatabaseAway(thrown: unknown, depth = 0): boolean {
  if (typeof thrown !== 'object' || thrown === null || depth > MAX_DEPTH) return false;
  if (thrown instanceof AggregateError)
    return thrown.errors.some((error) => isDatabaseAway(error, depth + 1));
  if (thrown instanceof Prisma.PrismaClientInitializationError) return true;
  const said = thrown as Readonly<Record<string, unknown>>;
  if (isCode(said['code']) || isCode(said['originalCode'])) return true;
  if (typeof said['kind'] === 'string' && KINDS.has(said['kind'])) return true;
  if (typeof said['message'] === 'string' && WORDS.test(said['message'])) return true;
  return WRAPPERS.some((wrapper) => isDatabaseAway(said[wrapper], depth + 1));
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { DomainError } from '../shared/index.ts';
import { pino, type DestinationStream, type Level } from 'pino';

/** Everything that a log line may hold. What is not named here cannot be logged (allow-list). */
export interface LogFields {
  readonly operationId?: string;
  readonly method?: string;
  /** The route's template, never the path itself: paths and queries may hold secrets. */
  readonly route?: string;
  readonly status?: number;
  readonly durationMs?: number;
  readonly principal?: string;
  readonly clientAddress?: string;
  readonly code?: string;
  readonly count?: number;
  readonly port?: number;
  readonly component?: string;
  readonly error?: unknown;
}

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

const FIELDS = [
  'operationId',
  'method',
  'route',
  'status',
  'durationMs',
  'principal',
  'clientAddress',
  'code',
  'count',
  'port',
  'component',
] as const satisfies readonly (keyof LogFields)[];

/**
 * Built-in errors whose messages are made by the runtime from our code, not from data. Other messages (of the
 * database, of parsers) quote what they were given, so only their name, code and stack frames are logged.
 */
const PLAIN_ERRORS = new Set(['TypeError', 'RangeError', 'ReferenceError', 'AssertionError']);
const MAX_FRAMES = 12;

function codeOf(error: Error): string | undefined {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.length <= 60 ? code : undefined;
}

function describe(thrown: unknown, depth = 0): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { name: `thrown ${typeof thrown}` };
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const known = thrown instanceof DomainError;
  return {
    name: thrown.name,
    code: codeOf(thrown),
    ...(known ? { internal: thrown.internal } : {}),
    ...(known || PLAIN_ERRORS.has(thrown.name) ? { message: thrown.message } : {}),
    frames: frames.slice(0, MAX_FRAMES).map((line) => line.trim()),
    ...(thrown.cause === undefined || depth > 2 ? {} : { cause: describe(thrown.cause, depth + 1) }),
  };
}

function pick(fields: LogFields): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const name of FIELDS) if (fields[name] !== undefined) line[name] = fields[name];
  if (fields.error !== undefined) line['error'] = describe(fields.error);
  return line;
}

const requestIds = new AsyncLocalStorage<string>();

/** Runs `work` so that every log line written inside carries the request id. */
export function withRequestId<T>(requestId: string, work: () => T): T {
  return requestIds.run(requestId, work);
}

/**
 * The structured log of a process: one JSON object a line.
 * @param destination Standard output unless told.
 */
export function createLog(level: Level | 'silent', destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => {
      const requestId = requestIds.getStore();
      return requestId === undefined ? {} : { requestId };
    },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  return {
    debug: (event, fields = {}) => logger.debug(pick(fields), event),
    info: (event, fields = {}) => logger.info(pick(fields), event),
    warn: (event, fields = {}) => logger.warn(pick(fields), event),
    error: (event, fields = {}) => logger.error(pick(fields), event),
  };
}

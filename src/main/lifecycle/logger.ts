import { pino, type Logger } from 'pino';

/** Structured logs on standard error, one JSON object a line, named by role. */
export function createLogger(role: string, level: string): Logger {
  return pino(
    { name: role, level, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: false }),
  );
}

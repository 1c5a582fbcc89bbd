import { pino, type Level } from 'pino';
import { createLog, type Log } from '../../http/index.ts';

/** The log of a role: JSON lines on standard error, written at once so that a crash loses none. */
export function createLogger(level: Level | 'silent'): Log {
  return createLog(level, pino.destination({ fd: 2, sync: true }));
}

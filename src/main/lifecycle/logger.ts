import { pino, type Level, type Logger } from 'pino';
import { createLog, type Log } from '../../http/index.ts';

/** Standard error, written at once, so that a crash loses no line. */
function standardError() {
  return pino.destination({ fd: 2, sync: true });
}

/** The log of a role: JSON lines of allow-listed fields. */
export function createLogger(level: Level | 'silent'): Log {
  return createLog(level, standardError());
}

/** For parts that name their own facts and never log what customers own. */
export function createPinoLogger(level: Level | 'silent'): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, standardError());
}

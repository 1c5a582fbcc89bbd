import { isoTime } from '../../shared/index.ts';
import type { Level } from 'pino';
import type { Log } from '../../http/index.ts';
import { exitWith, EXIT_FAILURE } from './exit.ts';
import { createLogger } from './logger.ts';
import { startMonitor, type Check } from './monitor.ts';

/** A role that has started: what `run-role` needs in order to watch and to stop it. */
export interface StartedRole {
  /** Facts for the supervisor's greeting and the log, e.g. the address that is listened on. */
  readonly facts: Readonly<Record<string, string>>;
  readonly checks: () => Promise<readonly Check[]>;
  readonly metrics?: () => Promise<string>;
  /** Finishes what has begun, then closes everything. */
  readonly stop: () => Promise<void>;
}

export interface RoleContext {
  readonly log: Log;
  /** Ends the process: for a role that finds that it can no longer do its work. */
  readonly fail: (reason: unknown) => void;
}

export interface RoleFrame {
  readonly role: string;
  readonly logLevel: Level | 'silent';
  readonly shutdownSeconds: number;
  readonly monitor: string | undefined;
  readonly restarts: number;
  readonly start: (context: RoleContext) => Promise<StartedRole>;
}

/** What a supervised process tells its supervisor when it is ready. */
export interface ReadyMessage {
  readonly kind: 'ready';
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * Runs one role as this process: starts it, answers operators, and stops it on SIGTERM, on SIGINT, or when
 * its supervisor is gone. A supervised process leaves SIGINT to its supervisor, because Ctrl-C reaches both.
 */
export async function runRole(frame: RoleFrame): Promise<void> {
  const log = createLogger(frame.logLevel);
  const supervised = process.connected;
  let role: StartedRole | undefined;
  let stopping = false;

  const stop = (reason: string, status: number): void => {
    if (stopping) return;
    stopping = true;
    log.info(`stopping: ${reason}`, { component: frame.role });
    setTimeout(() => {
      log.error('did not stop in time', { component: frame.role });
      process.exit(EXIT_FAILURE);
    }, frame.shutdownSeconds * 1_000).unref();
    (role?.stop() ?? Promise.resolve()).then(
      () => process.exit(status),
      (thrown: unknown) => {
        log.error('stopping failed', { component: frame.role, error: thrown });
        process.exit(EXIT_FAILURE);
      },
    );
  };
  const fail = (reason: unknown): void => {
    log.error('failed', { component: frame.role, error: reason });
    stop('failure', EXIT_FAILURE);
  };

  process.on('SIGTERM', () => stop('SIGTERM', 0));
  process.on('SIGINT', () => {
    if (!supervised) stop('SIGINT', 0);
  });
  process.on('disconnect', () => stop('the supervisor is gone', 0));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  try {
    const started = await frame.start({ log, fail });
    role = started;
    const { checks, metrics, facts } = started;
    if (frame.monitor !== undefined) {
      const startedAt = isoTime(Date.now());
      await startMonitor(frame.monitor, {
        role: frame.role,
        startedAt,
        restarts: frame.restarts,
        checks,
        ...(metrics && { metrics }),
      });
    }
    log.info('ready', { component: frame.role });
    process.send?.({ kind: 'ready', facts } satisfies ReadyMessage);
  } catch (thrown) {
    exitWith(thrown);
  }
}

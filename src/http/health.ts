import { handle, type BoundOperation } from './bind.ts';
import { getHealth, getReadiness } from './health-contract.ts';
import type { Log } from './log.ts';

/** Asks one dependency; resolves when it answers, rejects when it does not. */
export type ReadinessCheck = () => Promise<void>;

export type ReadinessChecks = Readonly<Record<string, ReadinessCheck>>;

/** A dependency that is slower than this counts as failing. */
const CHECK_TIMEOUT_MS = 2_000;

async function passes(name: string, check: ReadinessCheck, log: Log): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new RangeError('the readiness check is late')), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), late]);
    return true;
  } catch (error) {
    log.warn('dependency failing', { component: name, error });
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** `/healthz` and `/readyz`. @param isDraining True once the process has been told to stop. */
export function healthRoutes(checks: ReadinessChecks, isDraining: () => boolean, log: Log): BoundOperation[] {
  return [
    handle(getHealth, () => Promise.resolve({ status: 200, body: { status: 'ok' } })),
    handle(getReadiness, async (_request) => {
      const results = await Promise.all(
        Object.entries(checks).map(
          async ([name, check]) => [name, (await passes(name, check, log)) ? 'ok' : 'failing'] as const,
        ),
      );
      const checked = Object.fromEntries(results);
      if (isDraining() || results.some(([, result]) => result === 'failing')) {
        return { status: 503, body: { status: 'not_ready', checks: checked } };
      }
      return { status: 200, body: { status: 'ready', checks: checked } };
    }),
  ];
}

import { Gauge, type Registry } from 'prom-client';
import type { Database } from '../database/index.ts';
import { LOCK_STATES } from './lock-state-contract.ts';

/** `trilock_master_locks{state}` and `trilock_lock_recoveries_waiting`, read when scraped. */
export function registerLockMetrics(registry: Registry, database: Database): void {
  new Gauge({
    name: 'trilock_master_locks',
    help: 'Master locks of customers, by where they stand',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const groups = await database.masterLock.groupBy({ by: ['state'], _count: true });
      for (const state of LOCK_STATES) {
        this.set({ state }, groups.find((group) => group.state === state)?._count ?? 0);
      }
    },
  });
  new Gauge({
    name: 'trilock_lock_recoveries_waiting',
    help: 'Ways back to lost master locks whose 14 days run, or that the signer has yet to be told of',
    registers: [registry],
    async collect() {
      this.set(await database.lockRecovery.count({ where: { endedAt: null } }));
    },
  });
}

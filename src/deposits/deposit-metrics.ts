import { Gauge, type Registry } from 'prom-client';
import type { ChainHold } from './chain-hold.ts';

/** `trilock_deposits_refused`, read when scraped: deposits whose last step the ledger refused; it should be zero. */
export function registerDepositMetric(registry: Registry, refused: () => Promise<number>): void {
  new Gauge({
    name: 'trilock_deposits_refused',
    help: 'Deposits whose last step the ledger refused; somebody should look',
    registers: [registry],
    async collect() {
      this.set(await refused());
    },
  });
}

/** `trilock_chain_held`, read when scraped: 1 while credits and payouts wait for the chain. */
export function registerHoldMetric(registry: Registry, held: () => Promise<ChainHold | null>): void {
  new Gauge({
    name: 'trilock_chain_held',
    help: '1 while nothing is credited or paid out because the chain cannot be followed as it should be',
    registers: [registry],
    async collect() {
      this.set((await held()) === null ? 0 : 1);
    },
  });
}

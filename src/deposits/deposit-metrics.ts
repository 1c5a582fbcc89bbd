import { Gauge, type Registry } from 'prom-client';

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

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createLedgerDatabase } from '../ledger-database.ts';
import { KilledLedger } from './killed-ledger.ts';

const KILLS = Number(process.env['LEDGER_KILLS'] ?? 200);

it(`stands ${KILLS} kills, at named points and at random moments`, async () => {
  const database = await createLedgerDatabase();
  const ledger = await KilledLedger.prepare(database);
  try {
    await ledger.start();
    await ledger.open();
    ledger.move();
    await ledger.kill();
    for (let kill = 1; kill < KILLS; kill++) {
      if (kill % 3 === 0) {
        await ledger.start();
        await sleep(Math.random() * 400);
        await ledger.kill();
      } else {
        await ledger.start({ when: kill % 3 === 1 ? 'before' : 'after', append: 1 + (kill % 17) });
        await ledger.died();
      }
    }
    await ledger.start();
    const { expected, found, findings } = await ledger.settle();
    expect(found).toEqual(expected);
    expect(findings).toEqual([]);
  } finally {
    await ledger.dispose();
    await database.drop();
  }
});

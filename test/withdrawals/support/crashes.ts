import { afterAll, beforeAll, expect } from 'vitest';
import type { StepParts } from '../../../src/withdrawals/index.ts';
import { House, pay, type Owner } from './house.ts';

let house: House;
let ada: Owner;

/** For the tests of one file. */
export function useCrashingHouse(): void {
  beforeAll(async () => {
    house = await House.open();
    ada = await house.owner();
    await house.deposit(ada, 'vault', ...Array.from({ length: 10 }, () => 900_000n));
  });
  afterAll(() => house.close());
}

/** Everything that a step does outside the database. */
const EFFECTS = ['hold', 'present', 'sign', 'post', 'send', 'confirm'] as const;

/** Parts of a process that dies at its n-th call to the outside: before the effect, or after it and unheard. */
export function dying(
  parts: StepParts,
  nth: number,
  when: 'before' | 'after',
): { parts: StepParts; calls: () => number } {
  let calls = 0;
  const guard = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      calls += 1;
      if (calls === nth && when === 'before') throw new Error('killed');
      const result = await call(...args);
      if (calls === nth) throw new Error('killed');
      return result;
    };
  };
  const { ledger, node, cosigner } = parts;
  const { pair } = cosigner;
  return {
    calls: () => calls,
    parts: {
      ...parts,
      ledger: { transfer: guard((transfers) => ledger.transfer(transfers)) },
      cosigner: {
        sign: guard((bundle) => cosigner.sign(bundle)),
        abandon: guard((txid, reason) => cosigner.abandon(txid, reason)),
        revoke: guard((hash, reason) => cosigner.revoke(hash, reason)),
        pair: pair && {
          cosign: guard((bundle) => pair.cosign(bundle)),
          complete: guard((bundle) => pair.complete(bundle)),
        },
      },
      node: {
        feeEstimate: guard((blocks) => node.feeEstimate(blocks)),
        tip: () => node.tip(),
        header: (hash) => node.header(hash),
        broadcast: guard((bytes) => node.broadcast(bytes)),
        mempoolEntry: (txid) => node.mempoolEntry(txid),
      },
    },
  };
}

/** A whole withdrawal by a process that dies once and is started again, and what came of it. */
async function survive(nth: number, when: 'before' | 'after'): Promise<boolean> {
  const { parts, calls } = dying(house.parts, nth, when);
  const before = (await house.balance('vault', ada.vault.id)).posted;
  const { id, intent } = await house.ask(ada, { to: pay(100_000n) });
  const run = async (): Promise<void> => {
    await house.settle(parts);
    house.chain.house.scene.clock.advance(5_000);
    await house.settle(parts);
  };
  await house.sign(ada, intent);
  await run();
  await house.judge(intent);
  await run();
  await house.cosign();
  await run();
  await house.mine();
  await run();
  await house.later();
  const row = await house.row(id);
  expect(row).toMatchObject({ state: 'confirmed', confirmedCycle: 1 });
  expect(row.payout!.transactions).toHaveLength(1);
  const spends = await house.database.coinSpend.findMany({
    where: { OR: row.payout!.inputs.map(({ txid, vout }) => ({ txid, vout })) },
  });
  expect(new Set(spends.map(({ byTxid }) => byTxid))).toEqual(new Set([row.payout!.transactions[0]!.txid]));
  expect((await house.balance('vault', ada.vault.id)).posted).toBe(before - row.bookedAmount!);
  expect((await house.balance('vaultInFlight', ada.vault.id)).posted).toBe(0n);
  expect(await house.difference(ada.vault.id)).toBe(0n);
  return calls() >= nth;
}

/** Dies at the first effect, at the second, and so on, until a withdrawal outlives its process. */
export async function dieAtEveryEffect(when: 'before' | 'after'): Promise<void> {
  let nth = 1;
  while (await survive(nth, when)) nth++;
  expect(nth).toBeGreaterThan(EFFECTS.length);
}

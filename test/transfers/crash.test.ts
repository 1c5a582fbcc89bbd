import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compiled } from '../../src/main/compile.mjs';
import { stepTransfers } from '../../src/transfers/index.ts';
import { TransferScene, type Answer } from './support/transfer-scene.ts';

let scene: TransferScene;
const children: ChildProcess[] = [];

beforeAll(async () => {
  scene = await TransferScene.open();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await scene.close();
});

async function startProcess(dieAt: string): Promise<{ url: string; ended: Promise<unknown> }> {
  const argument = JSON.stringify({
    config: scene.testDatabase.app,
    address: scene.testLedger.ledger.address,
    dieAt,
  });
  const script = join(import.meta.dirname, 'support', 'crashing-process.ts');
  const child = spawn(process.execPath, [await compiled(script), argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const ended = once(child, 'exit');
  const died = ended.then(() => Promise.reject(new Error('the process ended before it served')));
  const [line] = (await Promise.race([once(child.stdout, 'data'), died])) as [Buffer];
  died.catch(() => undefined);
  return { url: line.toString('utf8').trim(), ended };
}

/** Repeats while the dead process still has the key. */
async function until(send: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await send();
    if (answer.body['code'] !== 'idempotency_key_in_progress') return answer;
    await sleep(100);
  }
}

it.each(['before the ledger', 'after the ledger', 'inside the transaction', 'after the commit'])(
  'killed %s: finished by the worker, and the same key answers what happened, paid once',
  async (dieAt) => {
    const [ada, bob] = [await scene.customer(1_000n), await scene.customer(0n)];
    const key = randomUUID();
    const { url, ended } = await startProcess(dieAt);
    await expect(scene.pay(ada, bob, 10n, { key, url })).rejects.toThrow();
    await ended;
    const answersFirst = dieAt === 'before the ledger' || dieAt === 'after the ledger';
    // Half of the instants are picked up by the customer's retry, half by the worker.
    if (!answersFirst) await stepTransfers(scene.parts, 0);
    const answer = await until(() => scene.pay(ada, bob, 10n, { key }));
    expect(answer.status).toBe(201);
    expect(await stepTransfers(scene.parts, 0)).toBe(0);
    expect(await until(() => scene.pay(ada, bob, 10n, { key }))).toMatchObject({ text: answer.text });
    expect([await scene.balance(ada), await scene.balance(bob)]).toEqual([990n, 10n]);
    expect([await scene.told(ada), await scene.told(bob)].map((told) => told.length)).toEqual([1, 1]);
    const actions = await scene.database.auditEntry.findMany({
      where: { entity: answer.body['id'] as string },
      select: { action: true },
      orderBy: { id: 'asc' },
    });
    expect(actions.map(({ action }) => action)).toEqual(['transfer.request', 'transfer.complete']);
  },
);

it('two processes given the same key at once pay once', async () => {
  const [ada, bob] = [await scene.customer(1_000n), await scene.customer(0n)];
  const { url } = await startProcess('never');
  for (let round = 0; round < 10; round += 1) {
    const key = randomUUID();
    const answers = await Promise.all([
      until(() => scene.pay(ada, bob, 7n, { key })),
      until(() => scene.pay(ada, bob, 7n, { key, url })),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[0].text).toBe(answers[1].text);
  }
  expect([await scene.balance(ada), await scene.balance(bob)]).toEqual([930n, 70n]);
  expect(await scene.told(bob)).toHaveLength(10);
});

it('the worker leaves alone what is still under way, and finishes beside another worker', async () => {
  const [ada, bob] = [await scene.customer(1_000n), await scene.customer(0n)];
  const { url, ended } = await startProcess('after the ledger');
  await expect(scene.pay(ada, bob, 10n, { url })).rejects.toThrow();
  await ended;
  expect(await stepTransfers(scene.parts)).toBe(0);
  await Promise.all([1, 2, 3].map(() => stepTransfers(scene.parts, 0)));
  expect(await scene.balance(bob)).toBe(10n);
  expect(await scene.told(bob)).toHaveLength(1);
});

it('a refused transfer that nobody marked is marked by the worker and paid never', async () => {
  const [ada, bob] = [await scene.customer(5n), await scene.customer(0n)];
  const { url, ended } = await startProcess('after the ledger');
  await expect(scene.pay(ada, bob, 6n, { url })).rejects.toThrow();
  await ended;
  await scene.deposit(ada, 100n);
  expect(await stepTransfers(scene.parts, 0)).toBe(1);
  const [row] = await scene.database.transfer.findMany({ where: { state: 'refused' } });
  expect(row).toMatchObject({ refusal: 'insufficient_funds', amount: 6n });
  expect(await scene.balance(bob)).toBe(0n);
  expect(await scene.told(bob)).toEqual([]);
});

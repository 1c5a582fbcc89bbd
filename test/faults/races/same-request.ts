import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { newId, satoshis, systemClock, type CustomerId } from '../../../src/shared/index.ts';
import { stepTransfers } from '../../../src/transfers/index.ts';
import { makeTransfer } from '../../../src/transfers/make-transfer.ts';
import { serveTransfers } from '../../transfers/support/transfer-api.ts';
import type { House } from '../../withdrawals/support/house.ts';
import { gatedCalls, gatedDatabase, Interleaving, type Gate, type Outcome } from './interleaving.ts';
import type { Scene } from './race-scenes.ts';

const CAUSE = { actor: { kind: 'process', id: 'test' }, strength: 'process' } as const;
const AMOUNT = 100_000n;

interface Answer {
  readonly status: number;
  readonly id: unknown;
}

/** The request as one API process handles it, at a port of its own. */
async function ask(
  { database, chain }: House,
  gate: Gate,
  sender: CustomerId,
  recipient: CustomerId,
  key: string,
): Promise<Answer> {
  const server = await serveTransfers({
    database: gatedDatabase(database, gate),
    ledger: gatedCalls(chain.house.ledger, gate),
    clock: systemClock,
  });
  try {
    const response = await fetch(`${server.url}/v1/transfers`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${sender}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ recipient, amountSats: AMOUNT.toString() }),
    });
    return { status: response.status, id: ((await response.json()) as { id?: unknown }).id };
  } finally {
    await server.stop(0);
  }
}

function answerOf(outcome: Outcome): Answer {
  if ('value' in outcome) return outcome.value as Answer;
  throw outcome.error;
}

/** Two API processes get a request at once: with one key it is one transfer, with two keys it is two. */
export const sameRequest: Scene = async ({ house }, { spender, poor }, random) => {
  const sender = spender.customer.id;
  const recipient = poor.customer.id;
  const isSame = random.below(3) > 0;
  const [key, other] = [randomUUID(), randomUUID()];
  const interleaving = new Interleaving(random);
  const said = await interleaving.run({
    first: (gate) => ask(house, gate, sender, recipient, key),
    second: (gate) => ask(house, gate, sender, recipient, isSame ? key : other),
  });
  const plain = { database: house.database, ledger: house.chain.house.ledger, clock: systemClock };
  const ungated = (): Promise<void> => Promise.resolve();
  // Whoever was told that the first request has not ended asks again, until it has.
  let last = await ask(house, ungated, sender, recipient, key);
  while (last.status === 409) last = await ask(house, ungated, sender, recipient, key);
  await stepTransfers(plain, 0);
  const answers = [answerOf(said.first), answerOf(said.second), last];
  const expected = isSame ? [201, 409] : [201];
  expect(answers.every(({ status }) => expected.includes(status))).toBe(true);
  const ids = new Set(answers.filter(({ status }) => status === 201).map(({ id }) => id));
  expect(ids.size).toBe(isSame ? 1 : 2);
  const paid = AMOUNT * BigInt(ids.size);
  expect((await house.balance('spending', recipient)).posted).toBe(paid);
  const back = {
    id: newId('transfer'),
    sender: recipient,
    recipient: sender,
    amount: satoshis(paid),
    memo: null,
  };
  await makeTransfer(plain, back, CAUSE);
  await stepTransfers(plain, 0);
  return interleaving.trace;
};

import { expect } from 'vitest';
import { intentHash, type Intent } from '../../../src/intents/index.ts';
import { newId, satoshis, systemClock, type WithdrawalId } from '../../../src/shared/index.ts';
import { DepositFollower, stepDeposits, WORKER_FOLLOWER } from '../../../src/deposits/index.ts';
import { stepTransfers } from '../../../src/transfers/index.ts';
import { makeTransfer } from '../../../src/transfers/make-transfer.ts';
import { pay, type Owner } from '../../withdrawals/support/house.ts';
import type { SeededRandom } from '../support/random.ts';
import { gatedCalls, gatedDatabase, Interleaving, saidOf, type Gate } from './interleaving.ts';
import type { RaceHouse } from './race-house.ts';
import { sameRequest } from './same-request.ts';

const CAUSE = { actor: { kind: 'process', id: 'test' }, strength: 'process' } as const;
/** More than half of a balance of {@link BALANCE}, with its fee: two of them do not fit. */
const MOST = 600_000n;
const BALANCE = 1_000_000n;
const SMALL = 100_000n;

interface Asked {
  readonly id: WithdrawalId;
  readonly intent: Intent;
}

/** The people of the races, each with the balance that their race is about. */
export interface Cast {
  /** One coin of {@link BALANCE} in the vault. */
  readonly poor: Owner;
  /** {@link BALANCE} to spend. */
  readonly spender: Owner;
  /** Many coins in the vault. */
  readonly rich: Owner;
}

export async function castOf({ house }: RaceHouse, richCoins: number): Promise<Cast> {
  const [poor, spender, rich] = [await house.owner(), await house.owner(), await house.owner()];
  await house.deposit(poor, 'vault', BALANCE);
  await house.deposit(spender, 'spending', BALANCE);
  await house.deposit(rich, 'vault', ...Array.from({ length: richCoins }, () => 400_000n));
  return { poor, spender, rich };
}

export type Scene = (race: RaceHouse, cast: Cast, random: SeededRandom) => Promise<readonly string[]>;

async function cancelAll(race: RaceHouse, asked: readonly Asked[]): Promise<void> {
  for (const { intent } of asked) await race.house.cancel(intent).catch(() => undefined);
  await race.settle();
}

async function waiting(
  race: RaceHouse,
  owner: Owner,
  amount = SMALL,
  lifetimeMs = 86_400_000,
): Promise<Asked> {
  const asked = await race.house.ask(owner, { to: pay(amount), lifetimeMs });
  await race.house.sign(owner, asked.intent);
  await race.house.settle();
  return asked;
}

const twoWithdrawals: Scene = async (race, { poor }, random) => {
  const { house } = race;
  const asked = [await house.ask(poor, { to: pay(MOST) }), await house.ask(poor, { to: pay(MOST) })] as const;
  const interleaving = new Interleaving(random);
  await interleaving.run({
    first: (gate) => race.sign(gate, poor, asked[0].intent),
    second: (gate) => race.sign(gate, poor, asked[1].intent),
    worker: (gate) => race.work(gate),
    other: (gate) => race.work(gate),
  });
  await race.settle();
  const states = await Promise.all(asked.map(({ id }) => race.state(id)));
  expect([...states].sort()).toEqual(['awaiting_approval', 'failed']);
  await cancelAll(race, asked);
  expect(await house.balance('vault', poor.vault.id)).toEqual({ posted: BALANCE, available: BALANCE });
  return interleaving.trace;
};

const approveAgainstCancel: Scene = async (race, { rich }, random) => {
  const { house } = race;
  const before = await house.balance('vault', rich.vault.id);
  const asked = await waiting(race, rich);
  const interleaving = new Interleaving(random);
  const said = await interleaving.run({
    approver: (gate) => race.approve(gate, asked.intent),
    customer: (gate) => race.cancel(gate, asked.intent),
    worker: (gate) => race.work(gate),
    other: (gate) => race.work(gate),
  });
  await race.settle();
  expect(saidOf(said.customer)).toBe('done');
  expect(['done', 'queued_intent_settled']).toContain(saidOf(said.approver));
  expect(await race.state(asked.id)).toBe('cancelled');
  expect(await race.times(asked.id, 'withdrawal.cancel')).toBe(1);
  expect(await race.keptFor(asked.id)).toBe(0);
  expect(await house.balance('vault', rich.vault.id)).toEqual(before);
  return interleaving.trace;
};

const cosignAgainstCancel: Scene = async (race, { rich }, random) => {
  const { house } = race;
  const before = (await house.balance('vault', rich.vault.id)).posted;
  const asked = await house.awaitingCosigner(rich, { to: pay(SMALL) });
  const interleaving = new Interleaving(random);
  const said = await interleaving.run({
    operator: (gate) => race.importSigned(gate, asked.intent),
    customer: (gate) => race.cancel(gate, asked.intent),
    worker: (gate) => race.work(gate),
    other: (gate) => race.work(gate),
  });
  await race.settle();
  await race.confirmed();
  const isCancelled = saidOf(said.customer) === 'done';
  if (!isCancelled) expect(saidOf(said.customer)).toBe('queued_intent_settled');
  expect(await race.state(asked.id)).toBe(isCancelled ? 'cancelled' : 'confirmed');
  const { bookedAmount } = await house.row(asked.id);
  const left = isCancelled ? 0n : (bookedAmount ?? 0n);
  expect(await house.balance('vault', rich.vault.id)).toEqual({
    posted: before - left,
    available: before - left,
  });
  expect(await house.difference(rich.vault.id)).toBe(0n);
  const hash = intentHash(asked.intent);
  const signed = await house.chain.house.scene.query(
    `SELECT FROM signer.spend_intent JOIN signer.released_signature USING (txid) WHERE intent_hash = '${hash}'`,
  );
  expect(signed).toHaveLength(isCancelled ? 0 : 1);
  return interleaving.trace;
};

const approveAgainstExpiry: Scene = async (race, { rich }, random) => {
  const { house } = race;
  const lifetimeMs = 600_000;
  const before = await house.balance('vault', rich.vault.id);
  const asked = await waiting(race, rich, SMALL, lifetimeMs);
  const interleaving = new Interleaving(random);
  const said = await interleaving.run({
    approver: (gate) => race.approve(gate, asked.intent),
    async time(gate) {
      for (let pause = random.below(12); pause > 0; pause--) await gate();
      house.chain.house.scene.clock.advance(lifetimeMs);
    },
    worker: (gate) => race.work(gate),
    other: (gate) => race.work(gate),
  });
  await race.settle();
  expect(['done', 'queued_intent_settled', 'intent_expired', 'queued_intent_expired']).toContain(
    saidOf(said.approver),
  );
  expect(await race.state(asked.id)).toBe('expired');
  expect(await race.times(asked.id, 'withdrawal.expire')).toBe(1);
  expect(await race.keptFor(asked.id)).toBe(0);
  expect(await house.balance('vault', rich.vault.id)).toEqual(before);
  return interleaving.trace;
};

const depositAgainstReorg: Scene = async (race, { rich }, random) => {
  const { house } = race;
  const { chain } = house;
  const before = (await house.balance('vault', rich.vault.id)).posted;
  const { address } = await chain.house.give(rich.vault.id, rich.customer.id);
  await chain.pay(address, 50_000n);
  await chain.regtest.control.mine(1 + random.below(3));
  const interleaving = new Interleaving(random);
  /** One worker follows the chain and books. */
  const follow = async (gate: Gate): Promise<void> => {
    const database = gatedDatabase(house.database, gate);
    const follower = new DepositFollower({
      ...{ database, node: chain.node, network: 'regtest', clock: systemClock, name: WORKER_FOLLOWER },
    });
    const parts = {
      ...chain.depositParts,
      database,
      ledger: gatedCalls(chain.house.ledger, gate),
    };
    for (let look = 0; look < 3; look++) {
      await follower.poll().catch((thrown: unknown) => race.failures.push(thrown));
      await stepDeposits(parts).catch((thrown: unknown) => race.failures.push(thrown));
    }
  };
  await interleaving.run({
    async chain(gate) {
      for (let pause = random.below(15); pause > 0; pause--) await gate();
      await chain.regtest.control.reorg(1 + random.below(3));
    },
    worker: follow,
    other: follow,
  });
  // The house's own follower has been overtaken.
  chain.follower = chain.newFollower();
  await chain.mine(6);
  expect(await house.balance('vault', rich.vault.id)).toEqual({
    posted: before + 50_000n,
    available: before + 50_000n,
  });
  expect(await house.difference(rich.vault.id)).toBe(0n);
  return interleaving.trace;
};

const transferAgainstHold: Scene = async (race, { spender, poor }, random) => {
  const { house } = race;
  const { ledger } = house.chain.house;
  const sender = spender.customer.id;
  const recipient = poor.customer.id;
  const wish = { balance: 'spending', to: pay(MOST) } as const;
  const asked = await house.ask(spender, wish);
  const transfer = { id: newId('transfer'), sender, recipient, amount: satoshis(MOST), memo: null };
  const partsOf = (gate: Gate) => ({
    database: gatedDatabase(house.database, gate),
    ledger: gatedCalls(ledger, gate),
    clock: systemClock,
  });
  const interleaving = new Interleaving(random);
  const said = await interleaving.run({
    payer: (gate) => makeTransfer(partsOf(gate), transfer, CAUSE),
    customer: (gate) => race.sign(gate, spender, asked.intent),
    worker: (gate) => race.work(gate),
    other: (gate) => race.work(gate),
    finisher: (gate) => stepTransfers(partsOf(gate), 0).catch(() => undefined),
  });
  await race.settle();
  const plain = { database: house.database, ledger, clock: systemClock };
  await stepTransfers(plain, 0);
  const isPaid = (await house.balance('spending', recipient)).posted === MOST;
  expect(['done', 'insufficient_funds']).toContain(saidOf(said.payer));
  expect(isPaid).toBe(saidOf(said.payer) === 'done');
  expect(await race.state(asked.id)).toBe(isPaid ? 'failed' : 'awaiting_approval');
  await cancelAll(race, [asked]);
  if (isPaid) {
    const back = { ...transfer, id: newId('transfer'), sender: recipient, recipient: sender };
    await makeTransfer(plain, back, CAUSE);
    await stepTransfers(plain, 0);
  }
  expect(await house.balance('spending', sender)).toEqual({ posted: BALANCE, available: BALANCE });
  return interleaving.trace;
};

const twoWorkers: Scene = async (race, { rich }, random) => {
  const { house } = race;
  const before = (await house.balance('vault', rich.vault.id)).posted;
  const asked = await house.ask(rich, { to: pay(SMALL) });
  const interleaving = new Interleaving(random);
  const both = () =>
    interleaving.run({ worker: (gate) => race.work(gate), other: (gate) => race.work(gate) });
  await house.sign(rich, asked.intent);
  await both();
  await house.settle();
  await house.judge(asked.intent);
  await both();
  await house.settle();
  await house.cosign();
  await both();
  await race.settle();
  await house.mine();
  house.chain.house.scene.clock.advance(61_000);
  await both();
  await race.settle();
  const { state, bookedAmount, payout } = await house.row(asked.id);
  expect({ state, transactions: payout?.transactions.length }).toEqual({
    state: 'confirmed',
    transactions: 1,
  });
  for (const step of ['screen', 'build', 'sign', 'broadcast', 'confirm']) {
    expect(await race.times(asked.id, `withdrawal.${step}`)).toBe(1);
  }
  const left = before - (bookedAmount ?? 0n);
  expect(await house.balance('vault', rich.vault.id)).toEqual({ posted: left, available: left });
  expect(await house.difference(rich.vault.id)).toBe(0n);
  return interleaving.trace;
};

/** Each race asserts what must hold whoever is first. */
export const SCENES = {
  'two withdrawals on one balance': twoWithdrawals,
  'approve against cancel': approveAgainstCancel,
  'cosign against cancel': cosignAgainstCancel,
  'approve against expiry': approveAgainstExpiry,
  'deposit against reorganisation': depositAgainstReorg,
  'transfer against hold': transferAgainstHold,
  'two workers at once': twoWorkers,
  'one request at two API processes': sameRequest,
} as const satisfies Record<string, Scene>;

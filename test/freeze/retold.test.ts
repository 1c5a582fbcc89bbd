import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { closeOwnAccount } from '../../src/freeze/close-account.ts';
import { retellWork } from '../../src/freeze/index.ts';
import type { RestrictionId } from '../../src/freeze/restriction.ts';
import { signerResumeDigest, type SignerResume } from '../../src/intents/index.ts';
import { accountId, stepTransferId } from '../../src/ledger/client/index.ts';
import { newId } from '../../src/shared/index.ts';
import { awaitedBundles } from '../../src/withdrawals/index.ts';
import { backUp } from '../signer/signer-scene.ts';
import { House, pay, SOMEBODY, type Owner } from '../withdrawals/support/house.ts';
import { FrozenHouse } from './frozen-house.ts';

const FREEZING_TABLES = [
  ...['restriction', 'restriction_release', 'deep_freeze', 'thaw', 'restored_key'],
  ...['breaker', 'breaker_reset', 'abandoned_transaction'],
];

let house: House;
let office: FrozenHouse;
let ada: Owner;
let bob: Owner;
let carla: Owner;

beforeAll(async () => {
  house = await House.open();
  office = new FrozenHouse(house);
  ada = await house.owner();
  bob = await house.owner();
  carla = await house.owner();
  await house.deposit(ada, 'vault', 3_000_000n);
  await house.deposit(bob, 'vault', 3_000_000n);
});
afterAll(() => house.close());

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  return await act().then(
    () => 'done',
    (thrown: unknown) => (thrown as { code?: string }).code ?? String(thrown),
  );
}

/** The officers' quorum lets the signer sign again. */
async function resume(): Promise<void> {
  const { signer, scene } = house.chain.house;
  const { witness, signerKey } = await signer.status({});
  scene.clock.advance(1_000);
  const statement: SignerResume['statement'] = {
    ...{ purpose: 'resume signer', network: 'regtest', signerKey },
    witnessKey: witness?.key ?? '',
    witnessHead: witness?.head ?? null,
    issuedAt: new Date(scene.clock.nowMs()).toISOString(),
  };
  const digest = signerResumeDigest(statement);
  const officers = scene.house.house.officers.slice(0, 2);
  const signatures = officers.map((by) => ({ officer: by.id, signature: by.signer.sign(digest) }));
  await signer.resume({ statement, signatures });
}

/** As a ledger from a backup would have it: it has never heard of the freeze. */
async function forgetInLedger(owner: Owner): Promise<void> {
  const { ledger } = house.chain.house;
  const { results } = await ledger.changeAccountFlags([
    {
      id: stepTransferId(newId('restriction'), 'forget'),
      accountId: accountId('vault', 1, owner.vault.id),
      clear: { frozen: true },
      code: 2,
    },
  ]);
  expect(results[0]?.result).toBe('ok');
}

async function frozen({ customer, vault }: Owner): Promise<(boolean | undefined)[]> {
  const ids = [accountId('spending', 1, customer.id), accountId('vault', 1, vault.id)];
  const { value } = await house.chain.house.ledger.accounts(ids);
  return value.map((account) => account?.flags.frozen);
}

async function counter(): Promise<number> {
  return (await house.chain.house.signer.status({})).journal.counter;
}

test('a signer from an old backup signs for nobody after its resumption until it was told again whom it must not sign for', async () => {
  const { signer, scene } = house.chain.house;
  const restore = await backUp(scene, FREEZING_TABLES);

  const caseOf: RestrictionId = await office.frozen(ada.customer.id);
  const closed = newId('restriction');
  await inTransaction(house.database, (tx) =>
    closeOwnAccount(tx, house.parts.clock, { id: closed, customer: carla.customer.id }, SOMEBODY),
  );
  await office.settle();
  await scene.stopSigners();
  await restore();
  await scene.start();
  expect(await codeOf(() => signer.freezeStatus({}))).toBe('signer_sealed');
  await resume();

  // From here on it would sign for Ada, whom it has never heard of, so it signs for nobody.
  house.chain.house.scene.clock.advance(60_000);
  const { id } = await house.awaitingCosigner(bob, { to: pay(100_000n) });
  const [awaited] = await awaitedBundles(house.parts, {});
  const bundle = await house.signedBundle(awaited!.bundle);
  expect(await codeOf(() => signer.sign({ bundle }))).toBe('restrictions_untold');
  expect(await codeOf(() => signer.freezeStatus({}))).toBe('restrictions_untold');
  const { epoch, told } = await signer.standing({});
  expect(told).toBe(false);
  expect(await signer.restrictionsTold({ epoch: epoch - 1 })).toEqual({ epoch, told: false });

  const work = retellWork(office.parts);
  expect(await work()).toBe(2);
  expect(await signer.standing({})).toEqual({ epoch, told: true });
  const { status } = await signer.freezeStatus({});
  expect(status.statement.restricted).toEqual([ada.customer.id, carla.customer.id].sort());
  // Once more changes nothing.
  const before = await counter();
  house.chain.house.scene.clock.advance(3_000);
  expect(await work()).toBe(0);
  expect(await retellWork(office.parts)()).toBe(2);
  expect(await counter()).toBe(before);

  await house.cosign();
  await house.later();
  expect(await house.state(id)).toBe('broadcast');
  await office.release(caseOf);
  expect((await office.read(caseOf)).state).toBe('released');
  expect((await signer.freezeStatus({})).status.statement.restricted).toEqual([carla.customer.id]);
});

test('a ledger that has forgotten a freeze is told again, too', async () => {
  const id = await office.frozen(ada.customer.id);
  await forgetInLedger(ada);
  expect(await frozen(ada)).toEqual([true, false]);
  await retellWork(office.parts)();
  expect(await frozen(ada)).toEqual([true, true]);
  await office.release(id);
  expect(await frozen(ada)).toEqual([false, false]);
});

// Whoever writes to the application's database wants a balance for coins that are not the institution's, that nobody
// paid, or that came in for somebody else. Nothing is credited, operators hear of it, and the ledger stays as it is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deriveAddress, parseAddress, parseDescriptor } from '../../src/bitcoin/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { quarantineDeposit } from '../../src/deposits/quarantine-deposit.ts';
import { accountId } from '../../src/ledger/client/index.ts';
import { canonicalJson, idToUuid, systemClock } from '../../src/shared/index.ts';
import type { Wallet } from '../../src/wallets/index.ts';
import { attestedKey, registrationOf, type TestCustomer } from '../fixtures/custody.ts';
import { ed25519Signer } from '../fixtures/signing-keys.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';
import { ChainHouse } from '../wallets/custody-house.ts';
import { THIEF } from './support/attack-scene.ts';

interface Customer {
  readonly customer: TestCustomer;
  readonly wallet: Wallet;
}

let chain: ChainHouse;
let treasury: Wallet;
let ada: Customer;
/** The thief has an account like anybody else. */
let mallory: Customer;
beforeAll(async () => {
  chain = await ChainHouse.open();
  treasury = await chain.house.treasury();
  ada = await chain.house.vault();
  mallory = await chain.house.vault();
});
afterAll(() => chain.close());

const SCRIPT = Buffer.from(parseAddress(THIEF, 'regtest').scriptPubKey).toString('hex');
const uuid = { ada: () => idToUuid(ada.customer.id), mallory: () => idToUuid(mallory.customer.id) };

/** An administrator's chair: no grant and no trigger stands in the way. */
async function tamper(statement: string): Promise<void> {
  await runAsSuperuser(chain.house.scene.database, `SET session_replication_role = replica; ${statement}`);
}

/** Every account that anybody could spend from, with what is pending in it. */
async function ledger(): Promise<readonly unknown[]> {
  const owners = [ada, mallory].flatMap(({ customer, wallet }) => [
    accountId('vault', 1, wallet.id),
    accountId('spending', 1, customer.id),
    accountId('vaultSuspense', 1, wallet.id),
  ]);
  const { value } = await chain.house.ledger.accounts(owners);
  return value.map((account) => [
    account?.creditsPosted ?? 0n,
    account?.creditsPending ?? 0n,
    account?.debitsPosted ?? 0n,
  ]);
}

async function alerts(): Promise<readonly string[]> {
  const rows = await chain.house.database.outboxEvent.findMany({
    where: { type: 'alert.raised' },
    orderBy: { occurredAt: 'asc' },
  });
  return rows.map(({ content }) => (JSON.parse(content) as { data: { code: string } }).data.code);
}

/** Whatever was put off is looked at again. */
async function lookAgain(): Promise<void> {
  await tamper('UPDATE app.deposit SET next_step_at = now()');
  await chain.settle();
}

/** Blocks come, the worker looks twice: one alert, and the ledger as it was. */
async function expectRefused(code: string, attempt: () => Promise<unknown>): Promise<void> {
  const [before, known] = [await ledger(), (await alerts()).length];
  await attempt();
  await lookAgain();
  await lookAgain();
  expect((await alerts()).slice(known)).toEqual([code]);
  expect(await ledger()).toEqual(before);
}

async function forget(where: string): Promise<void> {
  await tamper(`DELETE FROM app.deposit WHERE ${where}; DELETE FROM app.coin WHERE ${where}`);
}

async function given({ customer }: Customer, wallet: Wallet): Promise<string> {
  return (await chain.house.give(wallet.id, customer.id)).address;
}

/** A payment of this amount, in a block and not deep enough to be credited. */
async function pending(to: Customer, amount: bigint): Promise<void> {
  await chain.pay(await given(to, to.wallet), amount);
  await chain.mine(1);
}

describe('a script of the thief’s own, which they pay themselves,', () => {
  test.each([
    ['of their vault', () => mallory.wallet, 901],
    ['of the treasury', () => treasury, 902],
  ] as const)('put in as a further address %s', async (_, wallet, index) => {
    await tamper(
      `INSERT INTO app.wallet_address (id, wallet_id, branch, index, address, script, customer_id, given_at, added_xid)
       VALUES (gen_random_uuid(), '${idToUuid(wallet().id)}', 'receive', ${index}, '${THIEF}', '\\x${SCRIPT}',
         '${uuid.mallory()}', now(), pg_current_xact_id()::text::bigint)`,
    );
    await expectRefused('wallet_damaged', async () => {
      await chain.pay(THIEF, 5_000_000n);
      await chain.mine(3);
    });
    await forget('satoshis = 5000000');
    await tamper(`DELETE FROM app.wallet_address WHERE address = '${THIEF}'`);
  });

  test('put in place of one of their vault’s addresses', async () => {
    const address = await given(mallory, mallory.wallet);
    const was = `SELECT encode(script, 'hex') AS script FROM app.wallet_address WHERE address = '${address}'`;
    const [row] = await chain.house.scene.query<{ script: string }>(was);
    const put = (to: string, script: string, from: string) =>
      tamper(
        `UPDATE app.wallet_address SET address = '${to}', script = '\\x${script}',
           added_xid = pg_current_xact_id()::text::bigint WHERE address = '${from}'`,
      );
    await put(THIEF, SCRIPT, address);
    await expectRefused('wallet_damaged', async () => {
      await chain.pay(THIEF, 5_100_000n);
      await chain.mine(3);
    });
    await forget('satoshis = 5100000');
    await put(address, row!.script, THIEF);
  });

  test('derived by a descriptor that they put in place of their vault’s', async () => {
    const address = await given(mallory, mallory.wallet);
    const id = idToUuid(mallory.wallet.id);
    const old = await chain.house.database.wallet.findUniqueOrThrow({ where: { id } });
    const { index, script } = await chain.house.database.walletAddress.findUniqueOrThrow({
      where: { address },
    });
    const keys = (['cold', 'backup', 'backup'] as const).map((role, n) =>
      attestedKey(`deposit thief ${n}`, role, ed25519Signer()),
    );
    const evil = { ...registrationOf('custodial', mallory.customer, keys), wallet: mallory.wallet.id };
    const theirs = deriveAddress(parseDescriptor(evil.descriptor, 'regtest'), 'receive', index);
    const put = (descriptor: string, registration: string, to: string, bytes: Uint8Array, from: string) =>
      tamper(
        `UPDATE app.wallet SET descriptor = '${descriptor}', registration = '${registration}' WHERE id = '${id}';
         UPDATE app.wallet_address SET address = '${to}', script = '\\x${Buffer.from(bytes).toString('hex')}',
           added_xid = pg_current_xact_id()::text::bigint WHERE address = '${from}'`,
      );
    await put(evil.descriptor, canonicalJson(evil), theirs.address, theirs.scriptPubKey, address);
    await expectRefused('wallet_damaged', async () => {
      await chain.pay(theirs.address, 5_200_000n);
      await chain.mine(3);
    });
    await forget('satoshis = 5200000');
    await put(old.descriptor!, old.registration!, address, script, theirs.address);
  });
});

test('an address of the treasury that was given to another, made the thief’s', async () => {
  const address = await given(ada, treasury);
  const own = (id: string) =>
    `UPDATE app.wallet_address SET customer_id = '${id}' WHERE address = '${address}'`;
  await tamper(own(uuid.mallory()));
  await expectRefused('wallet_damaged', async () => {
    await chain.pay(address, 6_000_000n);
    await chain.mine(3);
  });
  // Put right by people, it goes to whom it belongs.
  await tamper(
    `${own(uuid.ada())}; UPDATE app.deposit SET customer_id = '${uuid.ada()}' WHERE satoshis = 6000000`,
  );
  await lookAgain();
  const [spending] = (await chain.house.ledger.accounts([accountId('spending', 1, ada.customer.id)])).value;
  expect(spending?.creditsPosted).toBe(6_000_000n);
});

describe('a deposit', () => {
  /** As the follower would write it, of a transaction that is nowhere, in a block that there is. */
  async function invent(columns: Record<string, string>): Promise<void> {
    const address = await given(mallory, mallory.wallet);
    const { id } = await chain.house.database.walletAddress.findUniqueOrThrow({ where: { address } });
    const { hash, height } = await chain.node.tip();
    const txid = 'ab'.repeat(32);
    const all: Record<string, string> = {
      ...{ id: 'gen_random_uuid()', network: `'regtest'`, txid: `'${txid}'`, vout: '0', cycle: '1' },
      ...{ wallet_id: `'${idToUuid(mallory.wallet.id)}'`, address_id: `'${id}'`, balance: `'vault'` },
      ...{ customer_id: `'${uuid.mallory()}'`, satoshis: '7000000', height: String(height - 5) },
      ...{ block_hash: `'${await chain.node.blockHash(height - 5)}'`, credit_height: String(height - 4) },
      ...{ detected_at: 'now()', next_step_at: 'now()', state: `'detected'`, ...columns },
    };
    await tamper(
      `INSERT INTO app.coin (txid, vout, wallet_id, address_id, satoshis, source, coinbase, height, block_hash, withheld, added_at)
       VALUES ('${txid}', 0, '${idToUuid(mallory.wallet.id)}', '${id}', 7000000, 'deposit', false, ${height}, '${hash}', true, now());
       INSERT INTO app.deposit (${Object.keys(all).join(', ')}) VALUES (${Object.values(all).join(', ')})`,
    );
  }

  test.each([
    ['freely invented', {}],
    [
      'that nobody paid, said to be pending already',
      { state: `'confirming'`, booked_cycle: '1', booked_block_hash: `'${'cd'.repeat(32)}'` },
    ],
  ])('%s', async (_, columns) => {
    await expectRefused('deposit_damaged', () => invent(columns));
    await forget('satoshis = 7000000');
  });

  test('that nobody paid, whose credit a worker is said to have begun', async () => {
    const { height } = await chain.node.tip();
    const block = `'${await chain.node.blockHash(height - 5)}'`;
    await expectRefused('deposit_damaged', () =>
      invent({
        ...{ state: `'confirming'`, booked_cycle: '1', booked_block_hash: block },
        ...{ begun_step: `'credit'`, begun_cycle: '1', begun_block_hash: block },
      }),
    );
    await forget('satoshis = 7000000');
  });

  test.each([
    ['of which the amount is edited', 'satoshis = 9000000', 'satoshis = 81000', 'deposit_damaged'],
    [
      'that is said to have another owner',
      `customer_id = '$thief'`,
      `customer_id = '$owner'`,
      'deposit_damaged',
    ],
  ])('%s while it is pending', async (_, evil, good, code) => {
    await pending(ada, 81_000n);
    const put = (change: string) =>
      tamper(
        `UPDATE app.deposit SET ${change.replace('$thief', uuid.mallory()).replace('$owner', uuid.ada())}
         WHERE id = (SELECT id FROM app.deposit WHERE wallet_id = '${idToUuid(ada.wallet.id)}' ORDER BY detected_at DESC LIMIT 1)`,
      );
    await put(evil);
    await expectRefused(code, () => chain.mine(2));
    const [before] = (await ledger()) as bigint[][];
    await put(good);
    await lookAgain();
    const [after] = (await ledger()) as bigint[][];
    expect(after![0]! - before![0]!).toBe(81_000n);
  });

  test('of which it is said that it is deep enough', async () => {
    await pending(ada, 20_000_000n);
    await expectRefused('deposit_damaged', () =>
      tamper('UPDATE app.deposit SET credit_height = height WHERE satoshis = 20000000'),
    );
    // With the blocks that it needs it is credited.
    await chain.mine(2);
    await lookAgain();
    expect((await chain.deposits(ada.wallet.id)).at(-1)).toMatchObject({ state: 'credited' });
  });

  test('that compliance has set aside, let go by hand', async () => {
    await pending(mallory, 91_000n);
    const { id } = (await chain.deposits(mallory.wallet.id)).at(-1)!;
    const officer = { actor: { kind: 'process', id: 'test' }, strength: 'process' } as const;
    await inTransaction(chain.house.database, (tx) =>
      quarantineDeposit(tx, systemClock, id, officer, 'a hit on a list'),
    );
    await tamper(`UPDATE app.deposit SET quarantine = NULL WHERE satoshis = 91000`);
    await expectRefused('deposit_damaged', () => chain.mine(2));
  });

  test('that is dust, let go by hand', async () => {
    await pending(mallory, 998n);
    await tamper(`UPDATE app.deposit SET quarantine = NULL WHERE satoshis = 998`);
    await expectRefused('deposit_damaged', () => chain.mine(2));
  });
});

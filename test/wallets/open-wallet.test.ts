import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDescriptor, psbtToBase64, signPsbt } from '../../src/bitcoin/index.ts';
import { parseRegistrationFile } from '../../src/station/index.ts';
import { SignerError } from '../../src/signer/index.ts';
import { idToUuid, isDomainError, newId } from '../../src/shared/index.ts';
import {
  importPool,
  LOW_POOL,
  lowPools,
  registerPoolMetric,
  poolLevels,
  readStationRegistration,
  readWallet,
  requestTreasury,
  stepWallets,
} from '../../src/wallets/index.ts';
import { nextWalletState, WALLET_COMMANDS, WALLET_STATES } from '../../src/wallets/wallet.ts';
import {
  attestationOf,
  attestedKey,
  builtPayout,
  enoughApprovals,
  payoutIntent,
  registeredWallet,
  requestBy,
  type TestWallet,
} from '../fixtures/custody.ts';
import { at } from '../fixtures/intents.ts';
import { ed25519Signer, passkeySigner } from '../fixtures/signing-keys.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';
import { CustodyHouse, TEST_CAUSE } from './custody-house.ts';

let house: CustodyHouse;

beforeAll(async () => {
  house = await CustodyHouse.open();
});
afterAll(() => house.close());

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'accepted';
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    return thrown.code;
  }
}

function importing(file: unknown): Promise<string> {
  return codeOf(() => importPool(house.parts, file, house.scene.house.manifest, TEST_CAUSE));
}

test('the state table: every state × every command', () => {
  const allowed = WALLET_STATES.flatMap((state) =>
    WALLET_COMMANDS.flatMap((command) => {
      try {
        return [`${state} ${command} ${nextWalletState(state, command)}`];
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'wallet_step_forbidden' });
        return [];
      }
    }),
  );
  expect(allowed).toEqual([
    'requested fixDescriptor platform_key',
    'requested fail failed',
    'platform_key register registered',
    'platform_key fail failed',
    'registered open open',
  ]);
});

describe('pools', () => {
  test('refuse what is tampered with, foreign, for another network, or known', async () => {
    const { attesters } = house.scene.house;
    const [good] = house.freshPool(1);
    const stranger = attestedKey('a stranger’s', 'cold', ed25519Signer()).attestation;
    const otherRole = attestedKey('a backup from the cold station', 'backup', attesters.cold).attestation;
    const mainnet = attestedKey('mainnet', 'cold', attesters.cold, 'mainnet').attestation;
    const renamed = { ...good!, statement: { ...good!.statement, source: 'somebody else' } };
    const platform = attestedKey('platform', 'platform', attesters.platform).attestation;
    const before = await poolLevels(house.database, 'regtest');
    for (const bad of [stranger, otherRole, mainnet, renamed, platform]) {
      expect(await importing([good, bad])).toBe('pool_key_refused');
    }
    for (const file of [[], {}, 'text', null, [{}], { keys: [good, 1] }]) {
      expect(await importing(file)).toBe('pool_file_malformed');
    }
    expect(await importing([good, good])).toBe('pool_key_known');
    // Nothing of a file that was refused has stayed.
    expect(await poolLevels(house.database, 'regtest')).toEqual(before);
    expect(await importing({ keys: [good] })).toBe('accepted');
    expect(await importing([good])).toBe('pool_key_known');
    const { accountKey } = attestedKey('pool 0 cold 0', 'cold', attesters.cold);
    const asBackup = attestationOf(accountKey, 'backup', attesters.backup);
    expect(await importing([asBackup])).toBe('pool_key_known');
  });

  test('are low with fewer keys than the mark, not at it', () => {
    expect(lowPools({ cold: LOW_POOL, backup: LOW_POOL - 1 })).toEqual(['backup']);
  });
});

describe('opening', () => {
  test('a custodial wallet: three attested keys, pinned in the signer, and a file that stations take', async () => {
    const customer = await house.customer();
    await house.stock(1);
    const id = await house.request(customer.id);
    expect(await readWallet(house.database, id)).toMatchObject({ state: 'requested', descriptor: null });
    expect(await codeOf(() => house.give(id, customer.id))).toBe('wallet_not_open');
    const wallet = await house.opened(id);
    const file = parseRegistrationFile(
      JSON.parse(JSON.stringify(await readStationRegistration(house.database, id))),
    );
    const roles = file.registration.keys.map(({ statement }) => statement.role);
    expect(roles).toEqual(['backup', 'cold', 'platform']);
    expect(parseDescriptor(wallet.descriptor!, 'regtest').threshold).toBe(2);
    // The signer answers the same to the same registration, and only to it.
    const { descriptorHash } = await house.signer.registerWallet({ registration: file.registration });
    expect(descriptorHash).toBe(wallet.descriptorHash);
    const events = await house.database.outboxEvent.findMany({
      where: { subject: id },
      orderBy: { id: 'asc' },
    });
    expect(events.map(({ type }) => type)).toEqual(['wallet.created', 'wallet.opened']);
    const audited = await house.database.auditEntry.findMany({
      where: { entity: id },
      orderBy: { id: 'asc' },
    });
    expect(audited.map(({ action }) => action)).toEqual([
      'wallet.request',
      'wallet.fix_descriptor',
      'wallet.register',
      'wallet.open',
    ]);
  });

  test('a collaborative wallet takes the customer’s own key, attested by their credential alone', async () => {
    const customer = await house.customer();
    await house.stock(1);
    const own = (signer = customer.signer) =>
      attestedKey(`own key of ${customer.id}`, 'customer', signer).attestation;
    const request = (...keys: unknown[]) =>
      codeOf(() => house.request(customer.id, 'collaborative', ...keys));
    expect(await request()).toBe('customer_key_missing');
    expect(await request(own(passkeySigner()))).toBe('key_attested_by_stranger');
    expect(await request(house.freshPool(1)[0])).toBe('customer_key_missing');
    expect(await codeOf(() => house.request(customer.id, 'custodial', own()))).toBe(
      'customer_key_unexpected',
    );
    expect(await codeOf(() => house.request(customer.id, 'treasury_hot'))).toBe('wallet_plan_unsupported');
    const wallet = await house.opened(await house.request(customer.id, 'collaborative', own()));
    const { registration } = await readStationRegistration(house.database, wallet.id);
    const roles = registration.keys.map(({ statement }) => statement.role);
    expect(roles).toEqual(['cold', 'customer', 'platform']);
    // The same key for a second wallet: the database knows it, and the wallet fails.
    await house.stock(1);
    const second = await house.request(customer.id, 'collaborative', own());
    await stepWallets(house.parts);
    expect(await readWallet(house.database, second)).toMatchObject({ state: 'failed', descriptor: null });
  });

  test('a self-custody wallet takes two keys of the customer, and pays with either', async () => {
    const customer = await house.customer();
    const keys = ['one', 'two'].map((name) =>
      attestedKey(`${name} of ${customer.id}`, 'customer', customer.signer),
    );
    const [first, second] = keys.map(({ attestation }) => attestation);
    const request = (...offered: unknown[]) =>
      codeOf(() => house.request(customer.id, 'self_custody', ...offered));
    expect(await request(first)).toBe('customer_key_missing');
    expect(await request(first, first)).toBe('customer_key_missing');
    expect(await request(first, second, second)).toBe('customer_key_unexpected');
    const { id } = await house.opened(await house.request(customer.id, 'self_custody', first, second));
    const { registration, receipt } = await readStationRegistration(house.database, id);
    expect(registration.keys.map(({ statement }) => statement.role)).toEqual([
      'customer',
      'customer',
      'platform',
    ]);
    const descriptor = parseDescriptor(registration.descriptor, 'regtest');
    const wallet: TestWallet = {
      id,
      plan: 'self_custody',
      customer,
      keys,
      descriptor,
      registration,
      receipt,
    };
    for (const { accountKey } of keys) {
      const intent = payoutIntent(wallet);
      const { psbt } = builtPayout(wallet, [intent], house.scene.coins(wallet));
      const approvals = enoughApprovals(house.scene.house, intent);
      const unsigned = {
        version: 1 as const,
        wallet: id,
        intents: [{ intent, request: requestBy(customer, intent), approvals }],
      };
      const bundle = (signed: typeof psbt) => ({ ...unsigned, psbt: psbtToBase64(signed) });
      expect(await codeOf(() => house.signer.sign({ bundle: bundle(psbt) }))).toBe(
        'cosigner_signature_missing',
      );
      const { transaction } = await house.signer.sign({
        bundle: bundle(signPsbt(psbt, accountKey, descriptor)),
      });
      expect(transaction).toMatch(/^[0-9a-f]+$/);
    }
  });

  test('waits for keys, for credentials to be pinned, and for a signer that is away', async () => {
    const customer = await house.customer();
    await house.database.accountKey.updateMany({
      where: { state: 'available' },
      data: { state: 'refused', refusal: 'the test empties the pools' },
    });
    const id = await house.request(customer.id);
    await stepWallets(house.parts);
    expect((await readWallet(house.database, id)).obstacle).toMatch(/no (cold|backup) key in the pool/);
    await house.stock(1);
    house.scene.clock.advance(10_000);
    const away = () => Promise.reject(new SignerError('wire_unreachable', 'away', { retryable: true }));
    const parts = house.with({ createPlatformKey: away, pinCredential: away, registerWallet: away });
    await stepWallets(parts);
    expect(await readWallet(house.database, id)).toMatchObject({ state: 'requested' });
    house.scene.clock.advance(10_000);
    expect((await house.opened(id)).state).toBe('open');
  });

  test('goes on where it was cut short, with the same keys', async () => {
    const customer = await house.customer();
    await house.stock(1);
    const id = await house.request(customer.id);
    let asked = 0;
    const cut = house.with({
      createPlatformKey: (request) => house.signer.createPlatformKey(request),
      pinCredential: (pin) => house.signer.pinCredential(pin),
      // The signer pins the wallet, and the answer is lost.
      registerWallet: async (request) => {
        asked++;
        await house.signer.registerWallet(request);
        throw new SignerError('wire_unreachable', 'the answer is lost', { retryable: true });
      },
    });
    await stepWallets(cut);
    const before = await readWallet(house.database, id);
    expect([before.state, asked]).toEqual(['platform_key', 1]);
    house.scene.clock.advance(10_000);
    expect((await house.opened(id)).descriptor).toBe(before.descriptor);
  });

  test('ends a wallet at what the signer finds wrong with its registration, though only the code arrives', async () => {
    const customer = await house.customer();
    await house.stock(1);
    const id = await house.request(customer.id);
    const other = registeredWallet(house.scene.house, 'another').descriptor.text;
    const garbled = house.with({
      createPlatformKey: (request) => house.signer.createPlatformKey(request),
      pinCredential: (pin) => house.signer.pinCredential(pin),
      // It is changed on its way; the signer itself answers.
      registerWallet: ({ registration }) =>
        house.signer.registerWallet({ registration: { ...registration, descriptor: other } }),
    });
    await stepWallets(garbled);
    expect(await readWallet(house.database, id)).toMatchObject({
      state: 'failed',
      obstacle: expect.stringMatching(/^registration_keys_differ: /) as string,
    });
    const told = await house.database.outboxEvent.findMany({ where: { subject: id } });
    expect(told.map(({ type }) => type)).toContain('wallet.failed');
  });

  test('waits while the signer has not heard of a station that the newest manifest names', async () => {
    const customer = await house.customer();
    const { manifest } = house.scene.house;
    await house.database.accountKey.updateMany({
      where: { state: 'available' },
      data: { state: 'refused', refusal: 'the test empties the pools' },
    });
    const station = ed25519Signer();
    const { attestationKeys } = manifest;
    const cold = [...attestationKeys.cold, station.publicKey];
    const newest = { ...manifest, attestationKeys: { ...attestationKeys, cold } };
    const keys = [
      attestedKey('of a new station', 'cold', station).attestation,
      attestedKey('beside a new station', 'backup', house.scene.house.attesters.backup).attestation,
    ];
    await importPool(house.parts, keys, newest, TEST_CAUSE);
    const id = await house.request(customer.id);
    await stepWallets({ ...house.parts, manifest: () => Promise.resolve(newest) });
    expect(await readWallet(house.database, id)).toMatchObject({
      state: 'platform_key',
      obstacle: expect.stringMatching(/^key_attested_by_stranger: /) as string,
    });
  });

  test('by two workers at once opens it once', async () => {
    const customer = await house.customer();
    await house.stock(2);
    const id = await house.request(customer.id);
    await Promise.all([stepWallets(house.parts), stepWallets(house.parts)]);
    house.scene.clock.advance(10_000);
    await house.opened(id);
    const keys = await house.database.accountKey.count({ where: { walletId: idToUuid(id) } });
    expect(keys).toBe(3);
  });

  test('refuses a pool key that somebody changed in the database, and takes the next', async () => {
    const customer = await house.customer();
    await house.database.accountKey.updateMany({
      where: { state: 'available' },
      data: { state: 'refused', refusal: 'the test empties the pools' },
    });
    await house.stock(1);
    // Whoever writes the database puts a key of their own under the attestation.
    await runAsSuperuser(
      house.scene.database,
      `UPDATE app.account_key SET attestation = replace(attestation, 'cold one', 'evil one')
       WHERE state = 'available' AND role = 'cold'`,
    );
    // Pools give the oldest first.
    house.scene.clock.advance(1_000);
    await house.stock(1);
    const wallet = await house.opened(await house.request(customer.id));
    expect(wallet.state).toBe('open');
    const refused = await house.database.accountKey.findMany({ where: { refusal: 'signature_wrong' } });
    expect(
      refused.length +
        (await house.database.accountKey.count({ where: { refusal: 'possession_proof_invalid' } })),
    ).toBe(1);
  });

  test('a descriptor changed in the database gives out no address', async () => {
    const { customer, wallet } = await house.vault();
    const other = await house.vault();
    await runAsSuperuser(
      house.scene.database,
      `ALTER TABLE app.wallet DISABLE TRIGGER wallet_stay_pinned;
       UPDATE app.wallet SET descriptor = NULL, registration = NULL, descriptor_hash = NULL, receipt = NULL,
         state = 'failed', opened_at = NULL WHERE id = '${idToUuid(other.wallet.id)}';
       UPDATE app.wallet SET descriptor = '${other.wallet.descriptor!}' WHERE id = '${idToUuid(wallet.id)}'`,
    );
    await expect(house.give(wallet.id, customer.id)).rejects.toThrow('not the one that was registered');
  });

  test('there is one treasury', async () => {
    await house.stock(1);
    const both = await Promise.all([
      codeOf(() => requestTreasury(house.parts, 'treasury', TEST_CAUSE)),
      codeOf(() => requestTreasury(house.parts, 'treasury', TEST_CAUSE)),
    ]);
    expect(both.sort()).toEqual(['accepted', 'treasury_exists']);
  });
});

describe('signing credentials', () => {
  test('the first signs for itself, a further one is signed with an earlier', async () => {
    const customer = await house.customer();
    const next = { id: customer.id, credential: newId('credential'), signer: passkeySigner() };
    const add = (pin: unknown) => codeOf(() => house.addCredential(customer.id, pin));
    // A stolen session cannot add a key that signs for itself.
    expect(await add(house.pinOf(next))).toBe('credential_pin_foreign');
    const byFirst = house.pinOf(
      { ...next, signer: customer.signer },
      {
        credential: { id: next.credential, publicKey: next.signer.publicKey },
        signedBy: customer.credential,
      },
    );
    expect(await add({ ...byFirst, statement: { ...byFirst.statement, customer: newId('customer') } })).toBe(
      'credential_pin_foreign',
    );
    expect(await add({ ...byFirst, statement: { ...byFirst.statement, signedAt: at(-60) } })).toBe(
      'credential_pin_stale',
    );
    expect(await add({ ...byFirst, statement: { ...byFirst.statement, signedAt: at(0) } })).toBe(
      'signature_wrong',
    );
    expect(await add({ statement: {} })).toBe('credential_pin_malformed');
    expect(await add(byFirst)).toBe('accepted');
    expect(await add(byFirst)).toBe('signing_credential_taken');
  });

  test('without one no wallet can be asked for', async () => {
    const id = newId('customer');
    await house.database.customer.create({
      data: { id: idToUuid(id), email: `${id}@example.com`, displayName: 'Bob', createdAt: new Date() },
    });
    expect(await codeOf(() => house.request(id))).toBe('signing_credential_missing');
  });
});

// Last: it fills the pools, and others take what they put there themselves.
test('pools show in the metric how many keys are left, and alarm when a wallet takes them below the mark', async () => {
  const registry = new Registry();
  registerPoolMetric(registry, () => poolLevels(house.database, 'regtest'));
  const { cold } = await poolLevels(house.database, 'regtest');
  await house.stock(LOW_POOL + 1 - cold);
  expect(await registry.metrics()).toContain(`trilock_pool_keys{role="cold"} ${LOW_POOL + 1}`);
  const alarms = async () => {
    const events = await house.database.outboxEvent.findMany({ where: { type: 'alert.raised' } });
    return events.filter(({ content }) => content.includes('pool_low'));
  };
  let level = LOW_POOL + 1;
  while (level > LOW_POOL - 2) {
    const customer = await house.customer();
    await house.opened(await house.request(customer.id));
    ({ cold: level } = await poolLevels(house.database, 'regtest'));
    const told = (await alarms()).filter(({ content }) => content.includes('cold keys'));
    expect(told).toHaveLength(level < LOW_POOL ? 1 : 0);
  }
  expect(await registry.metrics()).toContain(`trilock_pool_keys{role="cold"} ${level}`);
  expect((await alarms()).every(({ customer }) => customer === null)).toBe(true);
});

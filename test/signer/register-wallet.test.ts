import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountKeyFromSeed, walletDescriptor } from '../../src/bitcoin/index.ts';
import {
  credentialPinDigest,
  descriptorHash,
  verifyKeyAttestation,
  verifyRegistrationReceipt,
  type CredentialPin,
  type PinnedCredential,
  type WalletRegistration,
} from '../../src/intents/index.ts';
import { keyIdOf, openEnvelope, seedOfEntropy } from '../../src/keyring/index.ts';
import { newId } from '../../src/shared/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { attestedKey, type TestCustomer, type TestWallet } from '../fixtures/custody.ts';
import { at } from '../fixtures/intents.ts';
import { fixtureMasters } from '../fixtures/masters.ts';
import { ed25519Signer, passkeySigner, rsaSigner, type TestSigner } from '../fixtures/signing-keys.ts';
import { refusalOf, SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let signer: SignerClient;

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
});
afterAll(() => scene.close());

const attempt = (registration: WalletRegistration): Promise<string> =>
  refusalOf(scene, signer, () => signer.registerWallet({ registration }));

/** A customer whom the signer has not met. */
function stranger(): TestCustomer {
  return { id: newId('customer'), credential: newId('credential'), signer: passkeySigner() };
}

describe('a platform key', () => {
  it('is attested, the same for one wallet, another for the next, and recovered from either backup alone', async () => {
    const wallet = newId('wallet');
    const { attestation } = await signer.createPlatformKey({ wallet, network: 'regtest' });
    expect(await signer.createPlatformKey({ wallet, network: 'regtest' })).toEqual({ attestation });
    const other = await signer.createPlatformKey({ wallet: newId('wallet'), network: 'regtest' });
    expect(other.attestation.statement.xpub).not.toBe(attestation.statement.xpub);
    const trusted = scene.house.manifest.attestationKeys.platform;
    await verifyKeyAttestation(attestation, trusted, 'regtest');

    const { xpub, origin, role, network } = attestation.statement;
    const keyId = keyIdOf(xpub);
    for (const site of ['site-a', 'site-b']) {
      const blob = await readFile(join(scene.directory, site, `platform-${keyId}.envelope`));
      const context = { keyId, role, fingerprint: origin.slice(1, 9), network };
      const entropy = openEnvelope(blob, context, fixtureMasters());
      expect(accountKeyFromSeed(seedOfEntropy(entropy), 'regtest', 0).xpub.text).toBe(xpub);
    }
  });

  it('is answered only when both sites hold its copy, and then once more', async () => {
    const wallet = newId('wallet');
    const lame = await scene.start({
      backupSites: [join(scene.directory, 'site-a'), join(scene.directory, 'gone')],
    });
    const ask = { wallet, network: 'regtest' } as const;
    expect(await refusalOf(scene, lame, () => lame.createPlatformKey(ask))).toBe('backup_failed');
    expect(await scene.query(`SELECT FROM signer.platform_key WHERE wallet = '${wallet}'`)).toHaveLength(0);
    const { attestation } = await signer.createPlatformKey(ask);
    const name = `platform-${keyIdOf(attestation.statement.xpub)}.envelope`;
    const [first, second] = await Promise.all(
      ['site-a', 'site-b'].map((site) => readFile(join(scene.directory, site, name))),
    );
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  });

  it('is in no file and no table in the clear', async () => {
    const wallet = newId('wallet');
    await signer.createPlatformKey({ wallet, network: 'regtest' });
    const files = (await readdir(scene.directory, { recursive: true })).filter((name) =>
      name.includes(wallet),
    );
    // Sealed, and beside it the part of the sealing key that a deep freeze erases.
    expect(files.sort()).toEqual([`signer/slot-key.parts/${wallet}.key`, `signer/slots/${wallet}.slot`]);
  });

  it('is not made for another network, nor without masters', async () => {
    const wallet = newId('wallet');
    expect(
      await refusalOf(scene, signer, () => signer.createPlatformKey({ wallet, network: 'mainnet' })),
    ).toBe('network_differs');
    const poor = await scene.start({ masters: undefined });
    expect(await refusalOf(scene, poor, () => poor.createPlatformKey({ wallet, network: 'regtest' }))).toBe(
      'masters_missing',
    );
  });
});

describe('a wallet', () => {
  it.each(['custodial', 'collaborative'] as const)(
    'of the plan %s is pinned, with a receipt for the station',
    async (plan) => {
      const wallet = await scene.wallet(signer, `plan ${plan}`, { plan });
      const answer = await signer.registerWallet({ registration: wallet.registration });
      expect(answer.descriptorHash).toBe(descriptorHash(wallet.descriptor));
      await verifyRegistrationReceipt(answer.receipt, wallet.registration, scene.house.manifest);
      expect(await signer.registerWallet({ registration: wallet.registration })).toEqual(answer);
    },
  );

  it('is pinned once: other words for it are refused', async () => {
    const wallet = await scene.openWallet(signer, 'once');
    const customer = scene.house.customers[1];
    const stolen = { ...wallet.registration, customer: customer.id };
    expect(await attempt(stolen)).toBe('wallet_registered_otherwise');
  });

  it('needs the key that was made here for just this wallet', async () => {
    const one = await scene.wallet(signer, 'own key');
    expect(await attempt({ ...one.registration, wallet: newId('wallet') })).toBe('platform_key_foreign');
    const self = scene.house.attesters.platform;
    const made = attestedKey('made elsewhere', 'platform', self);
    const two = await scene.wallet(signer, 'foreign key');
    expect(await attempt(withKey(two, 'platform', made))).toBe('platform_key_foreign');
  });

  it('takes no key that was ever in another', async () => {
    const first = await scene.openWallet(signer, 'key of before');
    const used = first.keys.find(({ attestation }) => attestation.statement.role === 'cold')!;
    const second = await scene.wallet(signer, 'second', { keys: { cold: used } });
    expect(await attempt(second.registration)).toBe('key_already_used');
  });

  it('with two xpubs of an attacker is refused, whoever vouches for them', async () => {
    const attacker = ed25519Signer();
    const wallet = await scene.wallet(signer, 'two xpubs');
    const cold = attestedKey('attacker cold', 'cold', attacker);
    const backup = attestedKey('attacker backup', 'backup', attacker);
    expect(
      await attempt(withKey({ ...wallet, registration: withKey(wallet, 'cold', cold) }, 'backup', backup)),
    ).toBe('key_attested_by_stranger');
    // The customer's own word counts for the customer's key alone.
    const shared = await scene.wallet(signer, 'two xpubs shared', { plan: 'collaborative' });
    const asCold = attestedKey('attacker as cold', 'cold', scene.house.customers[0].signer);
    expect(await attempt(withKey(shared, 'cold', asCold))).toBe('key_attested_by_stranger');
  });

  it('of a known customer names the credentials that are pinned, and no others', async () => {
    const customer = stranger();
    await scene.openWallet(signer, 'credentials 1', { customer });
    const thief = { ...customer, credential: newId('credential'), signer: rsaSigner('key-6') };
    const wallet = await scene.wallet(signer, 'credentials 2', { customer: thief });
    expect(await attempt(wallet.registration)).toBe('credentials_differ');
    const swapped = await scene.wallet(signer, 'credentials 3', {
      customer: { ...customer, signer: thief.signer },
    });
    expect(await attempt(swapped.registration)).toBe('credentials_differ');
    const { registration } = await scene.wallet(signer, 'credentials 4', { customer });
    expect((await signer.registerWallet({ registration })).receipt.statement.wallet).toBe(
      registration.wallet,
    );
  });

  it('whose platform key was erased cannot be signed for', async () => {
    const wallet = await scene.openWallet(signer, 'erased');
    await rm(join(scene.directory, 'signer/slots', `${wallet.id}.slot`));
    const { bundle } = scene.payout(wallet);
    expect(await refusalOf(scene, signer, () => signer.sign({ bundle }))).toBe('platform_key_missing');
  });
});

/** The registration with the key of a role exchanged, and a descriptor that fits. */
function withKey(
  wallet: TestWallet,
  role: string,
  { accountKey, attestation }: ReturnType<typeof attestedKey>,
): WalletRegistration {
  const position = wallet.registration.keys.findIndex((key) => key.statement.role === role);
  const keys = wallet.registration.keys.with(position, attestation);
  const descriptor = walletDescriptor({
    network: 'regtest',
    keys: wallet.descriptor.keys.map((key, index) => (index === position ? accountKey : key)),
  }).text;
  return { ...wallet.registration, keys, descriptor };
}

describe('a credential', () => {
  const pinBy = (
    customer: string,
    credential: PinnedCredential,
    by: { readonly id: string; readonly signer: TestSigner },
    signedAt = at(-1),
  ): CredentialPin => {
    const statement: CredentialPin['statement'] = {
      purpose: 'pin credential',
      network: 'regtest',
      customer,
      credential,
      signedBy: by.id,
      signedAt,
    };
    return { statement, signature: by.signer.sign(credentialPinDigest(statement)) };
  };
  const fresh = () => {
    const key = passkeySigner();
    return { id: newId('credential'), signer: key, publicKey: key.publicKey };
  };
  const named = ({ id, publicKey }: ReturnType<typeof fresh>): PinnedCredential => ({ id, publicKey });

  it('is added at the word of one that is pinned, the first at its own, and nobody else’s', async () => {
    const customer = newId('customer');
    const [first, second, thief] = [fresh(), fresh(), fresh()];
    const refused = (pin: CredentialPin) => refusalOf(scene, signer, () => signer.pinCredential(pin));
    expect(await signer.pinCredential(pinBy(customer, named(first), first))).toEqual({
      credentials: [first.id],
    });
    expect(await refused(pinBy(customer, named(thief), thief))).toBe('credential_unknown');
    expect(await refused(pinBy(customer, named(thief), { id: first.id, signer: thief.signer }))).toBe(
      'signature_wrong',
    );
    expect(await refused(pinBy(newId('customer'), named(thief), first))).toBe('credential_unknown');
    expect(await refused(pinBy(customer, named(second), first, at(-60 * 25)))).toBe('approval_out_of_time');
    expect(await refused(pinBy(customer, { ...named(thief), id: first.id }, first))).toBe(
      'credentials_differ',
    );
    const pin = pinBy(customer, named(second), first);
    const answer = await signer.pinCredential(pin);
    expect([...answer.credentials].sort()).toEqual([first.id, second.id].sort());
    expect([...(await signer.pinCredential(pin)).credentials].sort()).toEqual([first.id, second.id].sort());
  });
});

// A wallet that two signers spend: neither stands for the other, and nothing that only one allows is paid.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  combinePsbts,
  parsePsbtBase64,
  psbtToBase64,
  signPsbt,
  transactionId,
} from '../../src/bitcoin/index.ts';
import {
  abandonmentDigest,
  credentialPinDigest,
  intentHash,
  manifestHash,
  parseManifest,
  type Abandonment,
  type CredentialPin,
  type KeyAttestation,
  type Manifest,
  type SigningBundle,
  type TreasuryMoveIntent,
} from '../../src/intents/index.ts';
import { isoTime, newId, type WalletId } from '../../src/shared/index.ts';
import { bothSigners } from '../../src/main/roles/both-signers.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import type { SignerParameters } from '../../src/signer/signer-contract.ts';
import {
  attestedKey,
  builtPayout,
  bundleOf,
  PAYEE,
  payoutIntent,
  registeredWallet,
  type AttestedKey,
  type TestWallet,
} from '../fixtures/custody.ts';
import { passkeySigner, type TestSigner } from '../fixtures/signing-keys.ts';
import { approval, signedManifest } from '../fixtures/intents.ts';
import { builtMove, moveBundle, moveIntent, pinning } from '../fixtures/treasury.ts';
import { backUp, publicHalf, refusalOf, SignerScene } from './signer-scene.ts';

let a: SignerScene;
let b: SignerScene;
let first: SignerClient;
let second: SignerClient;
let wallet: TestWallet;
/** Backs spending balances; the first signer completes what a station has signed of it. */
let cold: TestWallet;
let inForce: Manifest;

type PlatformKeys = Record<'platform' | 'platform_b', AttestedKey>;

function half(attestation: KeyAttestation): AttestedKey {
  return { entropy: Buffer.alloc(0), accountKey: publicHalf(attestation), attestation };
}

/** A wallet id with the keys that both signers made for it. */
async function made(): Promise<PlatformKeys & { readonly id: WalletId }> {
  const id = newId('wallet');
  const wish = { wallet: id, network: 'regtest' } as const;
  const [platform, platform_b] = [await first.createPlatformKey(wish), await second.createPlatformKey(wish)];
  return { id, platform: half(platform.attestation), platform_b: half(platform_b.attestation) };
}

function hotWallet(id: WalletId, keys: PlatformKeys): TestWallet {
  const hot = registeredWallet(a.house, `hot ${id}`, { plan: 'treasury_hot', customer: null, keys });
  return { ...hot, id, registration: { ...hot.registration, wallet: id } };
}

/** Both know the customer by the same credential. */
async function introduceCustomer(): Promise<void> {
  const [{ id: customer, credential, signer }] = a.house.customers;
  const statement: CredentialPin['statement'] = {
    ...{ purpose: 'pin credential', network: 'regtest', customer, signedBy: credential },
    credential: { id: credential, publicKey: signer.publicKey },
    signedAt: isoTime(a.clock.nowMs()),
  };
  const pin = { statement, signature: signer.sign(credentialPinDigest(statement)) };
  for (const client of [first, second]) await client.pinCredential(pin);
}

beforeAll(async () => {
  [a, b] = await SignerScene.openPair();
  [first, second] = [await a.start(), await b.start()];
  await a.loadManifest(first);
  await b.loadManifest(second);
  await introduceCustomer();
  const { id, ...keys } = await made();
  wallet = hotWallet(id, keys);
  for (const client of [first, second]) await client.registerWallet({ registration: wallet.registration });
  cold = await a.openWallet(first, 'cold', { customer: null });
  const { manifest, house } = a.house;
  inForce = pinning({ ...manifest, number: 2, previousHash: manifestHash(manifest) }, wallet, cold);
  const signed = { signedManifest: signedManifest(house, inForce) };
  for (const client of [first, second]) await client.loadManifest(signed);
});
afterAll(async () => {
  await b.close();
  await a.close();
});

/** A payout that nobody has signed yet. */
function payout(): SigningBundle {
  const intent = payoutIntent(wallet, { customer: a.house.customers[0] });
  return bundleOf(a.house, wallet, [intent], builtPayout(wallet, [intent], a.coins(wallet)));
}

async function signedFirst(bundle: SigningBundle): Promise<SigningBundle> {
  return { ...bundle, psbt: (await first.cosign({ bundle })).psbt };
}

const atFirst = (call: () => Promise<unknown>): Promise<string> => refusalOf(a, first, call);
const atSecond = (call: () => Promise<unknown>): Promise<string> => refusalOf(b, second, call);
const txidOf = ({ psbt }: SigningBundle): string => transactionId(parsePsbtBase64(psbt).transaction);

describe('one after the other', () => {
  it('both sign, each lost answer is repeated, and neither takes the other’s turn', async () => {
    const bundle = payout();
    expect(await atFirst(() => first.sign({ bundle }))).toBe('signing_order_wrong');
    expect(await atSecond(() => second.cosign({ bundle }))).toBe('signing_order_wrong');
    const half = await first.cosign({ bundle });
    expect(half).not.toHaveProperty('transaction');
    expect(await first.cosign({ bundle })).toEqual(half);
    const whole = { bundle: { ...bundle, psbt: half.psbt } };
    const answer = await second.sign(whole);
    expect(answer.txid).toBe(half.txid);
    expect(await second.sign(whole)).toEqual(answer);
  });

  it('the second needs the signature of the first, and the cold key’s does not stand for it', async () => {
    const bundle = payout();
    expect(await atSecond(() => second.sign({ bundle }))).toBe('cosigner_signature_missing');
    const cold = wallet.keys.find(({ attestation }) => attestation.statement.role === 'cold')!;
    const psbt = psbtToBase64(signPsbt(parsePsbtBase64(bundle.psbt), cold.accountKey, wallet.descriptor));
    expect(await atSecond(() => second.sign({ bundle: { ...bundle, psbt } }))).toBe(
      'cosigner_signature_missing',
    );
    expect(await atFirst(() => first.sign({ bundle: { ...bundle, psbt } }))).toBe('signing_order_wrong');
  });

  it('what the first has signed is signed by the second as it is, or not at all', async () => {
    const signed = await signedFirst(payout());
    const other = payout();
    expect(await atSecond(() => second.sign({ bundle: { ...signed, psbt: other.psbt } }))).toBe(
      'cosigner_signature_missing',
    );
    const dearer = payoutIntent(wallet, {
      customer: a.house.customers[0],
      payments: [{ address: PAYEE, satoshis: '700000' }],
    });
    const { psbt } = builtPayout(wallet, [dearer], a.coins(wallet));
    expect(await atSecond(() => second.sign({ bundle: { ...signed, psbt: psbtToBase64(psbt) } }))).not.toBe(
      'accepted',
    );
    expect(() => combinePsbts(psbt, parsePsbtBase64(signed.psbt))).toThrow();
  });
});

describe('whose key it is', () => {
  const refusedAtBoth = async (registration: TestWallet['registration']): Promise<readonly string[]> => [
    await atFirst(() => first.registerWallet({ registration })),
    await atSecond(() => second.registerWallet({ registration })),
  ];

  it('two keys of one signer make no wallet, whatever they are called', async () => {
    const { id, platform, platform_b } = await made();
    const again = half(
      (await first.createPlatformKey({ wallet: newId('wallet'), network: 'regtest' })).attestation,
    );
    const doubled = hotWallet(id, { platform, platform_b: again });
    expect(await refusedAtBoth(doubled.registration)).toEqual([
      'registration_keys_differ',
      'registration_keys_differ',
    ]);
    // Attested by the first as if it were the second.
    const own = attestedKey('a second key of the first signer', 'platform_b', a.house.attesters.platform);
    const posing = hotWallet(id, { platform, platform_b: own });
    expect(await refusedAtBoth(posing.registration)).toEqual([
      'key_attested_by_stranger',
      'key_attested_by_stranger',
    ]);
    // Whoever writes to the application's database exchanges what the two are called.
    const named = (key: AttestedKey, role: 'platform' | 'platform_b'): AttestedKey => ({
      ...key,
      attestation: { ...key.attestation, statement: { ...key.attestation.statement, role } },
    });
    const exchanged = hotWallet(id, {
      platform: named(platform_b, 'platform'),
      platform_b: named(platform, 'platform_b'),
    });
    expect(await refusedAtBoth(exchanged.registration)).toEqual([
      'key_attested_by_stranger',
      'key_attested_by_stranger',
    ]);
  });

  it('a key that only seems to be made here is not pinned', async () => {
    const { id, platform } = await made();
    const name = 'made by whoever has the second signer’s attestation key';
    const stolen = attestedKey(name, 'platform_b', a.house.attesters.platform_b);
    const { registration } = hotWallet(id, { platform, platform_b: stolen });
    expect(await atSecond(() => second.registerWallet({ registration }))).toBe('platform_key_foreign');
  });

  it('no manifest gives one machine two names', () => {
    const { manifest, attesters } = a.house;
    const same = { ...manifest.attestationKeys, platform_b: [attesters.platform.publicKey] };
    expect(() => parseManifest({ ...manifest, attestationKeys: same })).toThrow(
      expect.objectContaining({ code: 'manifest_malformed' }),
    );
  });
});

describe('given up between the two', () => {
  it('the second’s word frees what the first has signed, and no other word does', async () => {
    const bundle = payout();
    const signed = await signedFirst(bundle);
    const txid = txidOf(bundle);
    expect(await first.abandon({ txid, reason: 'not wanted' })).toEqual({ abandonment: null });
    const word = (by: TestSigner, of = txid): Abandonment => {
      const abandonedAt = isoTime(a.clock.nowMs());
      const statement = {
        purpose: 'transaction abandoned',
        network: 'regtest',
        txid: of,
        abandonedAt,
      } as const;
      const signature = by.sign(abandonmentDigest(statement));
      return { statement, attestedBy: by.publicKey, signature };
    };
    const { platform, platform_b } = a.house.attesters;
    const byFirst = { txid, reason: 'not wanted', completer: word(platform) };
    expect(await atFirst(() => first.abandon(byFirst))).toBe('abandonment_wrong');
    const ofAnother = { txid, reason: 'not wanted', completer: word(platform_b, 'a'.repeat(64)) };
    expect(await atFirst(() => first.abandon(ofAnother))).toBe('abandonment_wrong');
    const forged = { ...word(platform_b), signature: word(platform).signature };
    expect(await atFirst(() => first.abandon({ txid, reason: 'x', completer: forged }))).toBe(
      'signature_wrong',
    );

    const { abandonment: completer } = await second.abandon({ txid, reason: 'not wanted' });
    const given = await first.abandon({ txid, reason: 'not wanted', completer: completer! });
    expect(given.abandonment?.statement.txid).toBe(txid);
    expect(await atSecond(() => second.sign({ bundle: signed }))).toBe('transaction_abandoned');
    expect(await atFirst(() => first.cosign({ bundle }))).toBe('transaction_abandoned');
  });

  it('what the second has completed nobody gives up, and revoking says that it left', async () => {
    const bundle = payout();
    const signed = await signedFirst(bundle);
    await second.sign({ bundle: signed });
    const txid = txidOf(bundle);
    expect(await second.abandon({ txid, reason: 'too late' })).toEqual({ abandonment: null });
    const hash = intentHash(bundle.intents[0]!.intent);
    expect((await first.revoke({ intentHash: hash, reason: 'too late' })).signed).toEqual([]);
    expect((await second.revoke({ intentHash: hash, reason: 'too late' })).signed).toEqual([txid]);
  });
});

/** A refill by the same figures as all others: nothing in the hot wallet, of five bitcoin in all, of it one percent. */
function refill(amount: string): SigningBundle {
  const requester = a.house.house.approvers[0]!.id;
  const intent = moveIntent('refill', cold, wallet, { requester, amount });
  const built = builtMove(intent, cold, wallet, a.coins(cold, [3_000_000n, 4_000_000n]));
  return a.cosigned(cold, moveBundle(a.house, cold, intent, built));
}

function toAllow(bundle: SigningBundle): SignerParameters<'allowRefill'> {
  const { intent, request, approvals } = bundle.intents[0]!;
  return { intent: intent as TreasuryMoveIntent, request: request!, approvals };
}

describe('the cap', () => {
  it('is kept by both: by what is stated, and by what each let in and out itself', async () => {
    const both = bothSigners(first, second);
    const bundle = refill('3000000');
    expect(await atFirst(() => first.sign({ bundle }))).toBe('refill_not_allowed');
    const { allowance } = await second.allowRefill(toAllow(refill('1000')));
    expect(await atFirst(() => first.sign({ bundle, allowance }))).toBe('refill_not_allowed');
    expect((await both.sign({ bundle })).transaction.length).toBeGreaterThan(200);

    // Stated, it is too much at once; by the same figures once more it is too much together.
    const large = refill('5100000');
    expect(await atSecond(() => second.allowRefill(toAllow(large)))).toBe('hot_cap_exceeded');
    expect(await atFirst(() => first.sign({ bundle: large }))).toBe('hot_cap_exceeded');
    const again = refill('3000000');
    expect(await atSecond(() => both.sign({ bundle: again }))).toBe('hot_cap_exceeded');
    expect(await atFirst(() => first.sign({ bundle: again }))).toBe('hot_cap_exceeded');

    const sweep = moveIntent('sweep', wallet, cold, { amount: '2000000' });
    const built = builtMove(sweep, wallet, cold, a.coins(wallet, [2_500_000n]));
    const swept = await signedFirst(moveBundle(a.house, wallet, sweep, built));
    await second.sign({ bundle: swept });
    await both.sign({ bundle: again });
    for (const scene of [a, b]) {
      const rows = await scene.query('SELECT FROM signer.hot_flow WHERE incoming');
      expect(rows).toHaveLength(scene === a ? 2 : 3);
    }
  });

  it('no refill is allowed that people have not approved, or that was revoked', async () => {
    const bundle = refill('2000');
    const asked = toAllow(bundle);
    expect(await atSecond(() => second.allowRefill({ ...asked, approvals: [] }))).toBe(
      'approvals_insufficient',
    );
    await second.revoke({ intentHash: intentHash(asked.intent), reason: 'not wanted' });
    expect(await atSecond(() => second.allowRefill(asked))).toBe('intent_revoked');
  });
});

describe('manifests apart', () => {
  it('whom only one manifest names has nothing paid', async () => {
    const { house } = a.house;
    const [, left] = house.approvers;
    const signer = passkeySigner();
    const joined = {
      id: newId('staff'),
      person: 'approver 9',
      role: 'compliance',
      key: signer.publicKey,
    } as const;
    const next: Manifest = {
      ...inForce,
      number: 3,
      previousHash: manifestHash(inForce),
      approvers: [...inForce.approvers.filter(({ id }) => id !== left!.id), joined],
    };
    await first.loadManifest({ signedManifest: signedManifest(house, next) });
    const approvedBy = (by: Parameters<typeof approval>[1]): SigningBundle => {
      const bundle = payout();
      const [entitled] = bundle.intents;
      return { ...bundle, intents: [{ ...entitled!, approvals: [approval(entitled!.intent, by)] }] };
    };
    // The first knows who has left, and refuses before anything is signed.
    expect(await atFirst(() => first.cosign({ bundle: approvedBy(left!) }))).toBe('approver_unknown');
    // The second does not know who has joined.
    const bundle = await signedFirst(approvedBy({ id: joined.id, signer }));
    expect(await atSecond(() => second.sign({ bundle }))).toBe('approver_unknown');
  });
});

describe('a record that is behind', () => {
  it('the first, restored from an old backup, signs nothing, so nothing is completed', async () => {
    const restore = await backUp(a);
    const bundle = payout();
    const signed = await signedFirst(bundle);
    await a.stopSigners();
    await restore();
    first = await a.start();
    const next = payout();
    expect(await atFirst(() => first.cosign({ bundle: next }))).toBe('signer_sealed');
    expect(await atSecond(() => second.sign({ bundle: next }))).toBe('cosigner_signature_missing');
    // What it had signed before is whole, by the record of the second.
    expect((await second.sign({ bundle: signed })).txid).toBe(txidOf(bundle));
  });
});

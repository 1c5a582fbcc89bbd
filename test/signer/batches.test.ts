// One transaction for several intents: each is judged as if it were alone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePsbtBase64, psbtToBase64, transactionId } from '../../src/bitcoin/index.ts';
import { composePsbt } from '../../src/bitcoin/spend/compose-psbt.ts';
import {
  abandonedTransactions,
  abandonmentDigest,
  type SigningBundle,
  type WithdrawalIntent,
} from '../../src/intents/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import {
  builtPayout,
  bundleOf,
  PAYEE,
  payoutIntent,
  type PayoutWishes,
  type TestWallet,
} from '../fixtures/custody.ts';
import { ed25519Signer } from '../fixtures/signing-keys.ts';
import { cosign, refusalOf, SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let signer: SignerClient;
let treasury: TestWallet;

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
  const [customer, neighbour] = scene.house.customers;
  await scene.openWallet(signer, 'ours', { customer });
  await scene.openWallet(signer, 'the neighbour’s', { customer: neighbour });
  treasury = await scene.openWallet(signer, 'treasury', { customer: null });
});
afterAll(() => scene.close());

const attempt = (bundle: SigningBundle): Promise<string> =>
  refusalOf(scene, signer, () => signer.sign({ bundle }));

function intentOf(customer: 0 | 1, wishes: PayoutWishes = {}): WithdrawalIntent {
  return payoutIntent(treasury, { customer: scene.house.customers[customer], ...wishes });
}

function honest(intents: readonly WithdrawalIntent[]): SigningBundle {
  const built = builtPayout(treasury, intents, scene.coins(treasury));
  return scene.cosigned(treasury, bundleOf(scene.house, treasury, intents, built));
}

function withEntry(
  bundle: SigningBundle,
  position: number,
  change: Partial<SigningBundle['intents'][number]>,
): SigningBundle {
  const intents = bundle.intents.map((entry, index) =>
    index === position ? { ...entry, ...change } : entry,
  );
  return { ...bundle, intents };
}

describe('in a bundle of several', () => {
  it('each is signed by its own customer and approved by itself', async () => {
    const bundle = honest([intentOf(0), intentOf(1)]);
    const [first, second] = bundle.intents;
    expect(await attempt(withEntry(bundle, 1, { approvals: first!.approvals }))).toBe(
      'approval_for_another_intent',
    );
    expect(await attempt(withEntry(bundle, 1, { approvals: [] }))).toBe('approvals_insufficient');
    expect(await attempt(withEntry(bundle, 0, { request: second!.request }))).toBe(
      'approval_for_another_intent',
    );
    expect(await attempt(withEntry(bundle, 1, { request: null }))).toBe('request_not_signed_by_customer');
    await expect(signer.sign({ bundle: withEntry(bundle, 1, { approvals: [] }) })).rejects.toMatchObject({
      details: { intent: second!.intent.id },
    });
    expect(await attempt(bundle)).toBe('accepted');
  });

  it('one output does not pay two who ask for the same, nor is one intent listed twice', async () => {
    const twins = [intentOf(0), intentOf(1)];
    expect(twins.map(({ body }) => body.payments)).toEqual([
      [{ address: PAYEE, satoshis: '500000' }],
      [{ address: PAYEE, satoshis: '500000' }],
    ]);
    const one = builtPayout(treasury, twins.slice(0, 1), scene.coins(treasury));
    const bundle = bundleOf(scene.house, treasury, twins, one);
    expect(await attempt(scene.cosigned(treasury, bundle))).toBe('payments_differ');
    const twice = bundleOf(scene.house, treasury, [twins[0]!, twins[0]!], one);
    expect(await attempt(scene.cosigned(treasury, twice))).toBe('bundle_malformed');
    expect(await attempt(honest(twins))).toBe('accepted');
  });

  it('a payment that nobody approved does not hide among the others', async () => {
    const intents = [intentOf(0), intentOf(1)];
    const third = intentOf(0, { payments: [{ address: PAYEE, satoshis: '90000' }] });
    const built = builtPayout(treasury, [...intents, third], scene.coins(treasury));
    const bundle = bundleOf(scene.house, treasury, intents, built);
    expect(await attempt(scene.cosigned(treasury, bundle))).toBe('change_not_ours');
  });

  it('nobody bears more of the fee than their own cap, though the caps together would allow it', async () => {
    const poor = intentOf(0, { maxFeeSatoshis: '300' });
    const rich = intentOf(1, { maxFeeSatoshis: '50000' });
    const bundle = honest([poor, rich]);
    expect(await attempt(bundle)).toBe('fee_share_exceeded');
    await expect(signer.sign({ bundle })).rejects.toMatchObject({ details: { intent: poor.id } });
    // Nor is the fee hidden in change that is not there: inputs less outputs is what counts.
    const coins = scene.coins(treasury);
    const { psbt } = builtPayout(treasury, [rich], coins, 1n);
    const outputs = psbt.transaction.outs
      .filter(({ value }) => value === 500_000n)
      .map(({ script, value }) => ({ scriptPubKey: script, value }));
    const greedy = psbtToBase64(cosign(treasury, composePsbt(treasury.descriptor, coins, outputs, 0)));
    expect(await attempt({ ...bundleOf(scene.house, treasury, [rich]), psbt: greedy })).toBe(
      'fee_out_of_limits',
    );
  });

  it('an intent of a vault is not slipped among those of the treasury', async () => {
    const vault = await scene.openWallet(signer, 'a vault');
    const intents = [intentOf(0), payoutIntent(vault)];
    const built = builtPayout(treasury, intents, scene.coins(treasury));
    const bundle = scene.cosigned(treasury, bundleOf(scene.house, treasury, intents, built));
    expect(await attempt(bundle)).toBe('bundle_for_another_wallet');
  });
});

describe('a transaction that was given up', () => {
  it('is never signed, and each of its intents may be signed without the others, over the same coins', async () => {
    const less = { payments: [{ address: PAYEE, satoshis: '400000' }] };
    const intents = [intentOf(0), intentOf(1, less)];
    const [first, second] = [intents.slice(0, 1), intents.slice(1)];
    const coins = scene.coins(treasury);
    const of = (some: readonly WithdrawalIntent[], rate = 10n): SigningBundle =>
      scene.cosigned(
        treasury,
        bundleOf(scene.house, treasury, some, builtPayout(treasury, some, coins, rate)),
      );
    // It was recorded, the witness was told, and then the process died.
    const original = scene.witnessMethods;
    scene.witnessMethods = {
      ...original,
      countersign: async (statement) => {
        await original.countersign(statement);
        throw new Error('the line is cut');
      },
    };
    await expect(signer.sign({ bundle: of(intents) })).rejects.toThrow();
    scene.witnessMethods = original;
    expect(await attempt(of(second))).toBe('intent_consumed');
    const { spentLast24Hours } = await signer.status({});

    const txid = transactionId(parsePsbtBase64(of(intents).psbt).transaction);
    const given = await signer.abandon({ txid, reason: 'the first is frozen' });
    expect(await abandonedTransactions([given.abandonment!], scene.house.manifest)).toEqual(new Set([txid]));
    expect(await signer.abandon({ txid, reason: 'again' })).toEqual(given);
    // What never leaves does not count against the day.
    expect(BigInt(spentLast24Hours) - BigInt((await signer.status({})).spentLast24Hours)).toBe(920_000n);
    expect(await attempt(of(intents))).toBe('transaction_abandoned');
    expect(await attempt(of(second))).toBe('accepted');
    // Its coins are promised now; the first finds others, and is not slipped in with the second again.
    expect(await attempt(of(intents, 20n))).toBe('intent_consumed');
    expect(await attempt(of(first))).toBe('outpoint_promised');
    expect(await attempt(honest(first))).toBe('accepted');
    expect(await attempt(honest(intents))).toBe('intent_consumed');
  });

  it('is not one whose signature has left', async () => {
    const bundle = honest([intentOf(0), intentOf(1)]);
    const { txid } = await signer.sign({ bundle });
    expect(await signer.abandon({ txid, reason: 'too late' })).toEqual({ abandonment: null });
    expect((await signer.sign({ bundle })).txid).toBe(txid);
    await expect(
      scene.query(`INSERT INTO signer.abandoned_transaction VALUES ('${txid}', 'by hand', 1)`),
    ).rejects.toMatchObject({ code: '23514' });
  });

  it('may be one that was never seen here, and is not signed when it comes', async () => {
    const bundle = honest([intentOf(0), intentOf(1)]);
    const txid = transactionId(parsePsbtBase64(bundle.psbt).transaction);
    await signer.abandon({ txid, reason: 'built anew' });
    expect(await attempt(bundle)).toBe('transaction_abandoned');
  });

  it('is said to be so by the signer alone', async () => {
    const txid = 'ab'.repeat(32);
    const { abandonment } = await signer.abandon({ txid, reason: 'for the test' });
    const { statement } = abandonment!;
    const stranger = ed25519Signer();
    const own = {
      statement,
      attestedBy: stranger.publicKey,
      signature: stranger.sign(abandonmentDigest(statement)),
    };
    expect(await abandonedTransactions([own], scene.house.manifest)).toEqual(new Set());
    const other = { ...abandonment!, statement: { ...statement, txid: 'cd'.repeat(32) } };
    await expect(abandonedTransactions([other], scene.house.manifest)).rejects.toMatchObject({
      code: 'signature_wrong',
    });
    const elsewhere = { ...abandonment!, statement: { ...statement, network: 'mainnet' as const } };
    expect(await abandonedTransactions([elsewhere], scene.house.manifest)).toEqual(new Set());
  });

  it('stands in the journal, so that nobody adds one to the tables unseen', async () => {
    const second = await scene.start();
    expect((await second.status({})).sealed).toBeNull();
    await scene.query(`INSERT INTO signer.abandoned_transaction VALUES ('${'ef'.repeat(32)}', 'by hand', 1)`);
    const third = await scene.start();
    expect((await third.status({})).sealed).not.toBeNull();
  });
});

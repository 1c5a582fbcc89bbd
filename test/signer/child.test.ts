// A child that pays for its parent is signed when the bytes of both and the signer's own record say that it is one.
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  buildChildPaysForParent,
  DEFAULT_SPEND_LIMITS,
  parseAddress,
  psbtToBase64,
  systemRandom,
  type BuiltSpend,
  type Psbt,
  type WalletCoin,
} from '../../src/bitcoin/index.ts';
import { composePsbt } from '../../src/bitcoin/spend/compose-psbt.ts';
import { intentHash, type SigningBundle, type WithdrawalIntent } from '../../src/intents/index.ts';
import { parseFeeRate } from '../../src/shared/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { builtPayout, bundleOf, PAYEE, payoutIntent, type TestWallet } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';
import { cosign, refusalOf, SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let signer: SignerClient;
let wallet: TestWallet;

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'with children');
});
afterAll(() => scene.close());

const attempt = (bundle: SigningBundle): Promise<string> =>
  refusalOf(scene, signer, () => signer.sign({ bundle }));

interface Family {
  readonly intent: WithdrawalIntent;
  readonly parent: BuiltSpend;
  readonly change: WalletCoin;
  readonly parentBundle: SigningBundle;
}

/** A payout, signed by the signer unless told, and its change. */
async function family(sign = true): Promise<Family> {
  const intent = payoutIntent(wallet, { maxFeeSatoshis: '20000' });
  const parent = builtPayout(wallet, [intent], scene.coins(wallet), 5n);
  const parentBundle = scene.cosigned(wallet, bundleOf(scene.house, wallet, [intent], parent));
  const previousTransaction = sign
    ? Buffer.from((await signer.sign({ bundle: parentBundle })).transaction, 'hex')
    : Buffer.from(parent.psbt.global.ofType(0)[0]!.value);
  const { outputIndex, position, value } = parent.change!;
  const change: WalletCoin = {
    ...{ outpoint: `${parent.txid}:${outputIndex}`, value, position, previousTransaction },
    ...{ confirmations: 0, ownChange: true, unconfirmedAncestors: 1 },
  };
  return { intent, parent, change, parentBundle };
}

function childOf({ parent, change }: Family, rate = '20'): BuiltSpend {
  return buildChildPaysForParent({
    ...{ wallet: wallet.descriptor, coin: change, changeIndex: 1, feeRate: parseFeeRate(rate) },
    ancestors: { count: 1, fees: parent.fee, weight: parent.weight },
    ...{ limits: DEFAULT_SPEND_LIMITS, tip: { height: 800, timeMs: NOW }, nowMs: NOW, random: systemRandom },
  });
}

function bundleFor(all: Family, psbt: Psbt): SigningBundle {
  const bundle = bundleOf(scene.house, wallet, [all.intent], { psbt: cosign(wallet, psbt) });
  return { ...bundle, parent: psbtToBase64(all.parent.psbt) };
}

it('is signed for the intents of its parent, once, within their caps, and a replacement then pays more than both', async () => {
  const all = await family();
  const child = childOf(all);
  const bundle = bundleFor(all, child.psbt);
  expect(await attempt({ ...bundle, parent: undefined })).toBe('payments_differ');
  const answer = await signer.sign({ bundle });
  expect(answer.txid).toBe(child.txid);
  expect(await signer.sign({ bundle })).toEqual(answer);
  const replacement = (rate: bigint): SigningBundle =>
    scene.cosigned(
      wallet,
      bundleOf(scene.house, wallet, [all.intent], builtPayout(wallet, [all.intent], all.parent.coins, rate)),
    );
  expect(await attempt(replacement(6n))).toBe('replacement_not_higher');
  expect(await attempt(replacement(90n))).toBe('accepted');
  // Its coin is promised: no other intent spends it.
  const other = payoutIntent(wallet, { payments: [{ address: PAYEE, satoshis: '100000' }] });
  const stolen = builtPayout(wallet, [other], [{ ...all.change, confirmations: 1, unconfirmedAncestors: 0 }]);
  expect(await attempt(scene.cosigned(wallet, bundleOf(scene.house, wallet, [other], stolen)))).toBe(
    'outpoint_promised',
  );
  expect((await (await scene.start()).status({})).sealed).toBeNull();
});

it('returns what it spends to its own wallet, and nowhere else', async () => {
  const all = await family();
  const { value } = all.change;
  const elsewhere = parseAddress(PAYEE, 'regtest').scriptPubKey;
  const to = (scriptPubKey: Uint8Array, amount: bigint): SigningBundle =>
    bundleFor(all, composePsbt(wallet.descriptor, [all.change], [{ scriptPubKey, value: amount }], 0));
  expect(await attempt(to(elsewhere, value - 3_000n))).toBe('change_not_ours');
  // A receive address of the wallet is where deposits are credited: nobody is paid so.
  const { psbt } = childOf(all);
  const receive = { branch: 'receive', index: 0 } as const;
  const own = composePsbt(
    wallet.descriptor,
    [all.change],
    [{ scriptPubKey: psbt.transaction.outs[0]!.script, value: value - 3_000n, position: receive }],
    0,
  );
  expect(await attempt(bundleFor(all, own))).toBe('change_not_ours');
});

it('bears no more than was approved together with its parent', async () => {
  const all = await family();
  expect(await attempt(bundleFor(all, childOf(all, '90').psbt))).toBe('fee_out_of_limits');
});

it('spends the change of its parent, and of no other', async () => {
  const [all, others] = [await family(), await family()];
  expect(await attempt({ ...bundleFor(all, childOf(others).psbt) })).toBe('child_malformed');
  const fresh = scene.coins(wallet)[0]!;
  expect(
    await attempt(bundleFor(all, childOf({ ...all, change: { ...fresh, confirmations: 0 } }).psbt)),
  ).toBe('child_malformed');
  // The parent of somebody else's intents is no parent of these.
  const swapped = {
    ...bundleFor(others, childOf(others).psbt),
    intents: bundleFor(all, childOf(all).psbt).intents,
  };
  expect(await attempt(swapped)).not.toBe('accepted');
});

it('has a parent that was signed here, whatever the bytes say', async () => {
  const all = await family(false);
  expect(await attempt(bundleFor(all, childOf(all).psbt))).toBe('parent_unknown');
  expect(await attempt(all.parentBundle)).toBe('accepted');
  expect(await attempt(bundleFor(all, childOf(all).psbt))).toBe('accepted');
});

it('is not signed for an intent that was revoked', async () => {
  const all = await family();
  await signer.revoke({ intentHash: intentHash(all.intent), reason: 'frozen' });
  expect(await attempt(bundleFor(all, childOf(all).psbt))).toBe('intent_revoked');
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { psbtToBase64 } from '../../src/bitcoin/index.ts';
import { composePsbt } from '../../src/bitcoin/spend/compose-psbt.ts';
import {
  intentHash,
  manifestHash,
  type Manifest,
  type SigningBundle,
  type TreasuryMoveIntent,
} from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { foreignScript } from '../bitcoin/spend/spend-fixtures.ts';
import type { TestWallet } from '../fixtures/custody.ts';
import { builtMove, moveBundle, moveIntent, pinning } from '../fixtures/treasury.ts';
import { refusalOf, SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let signer: SignerClient;
let hot: TestWallet;
let cold: TestWallet;
let other: TestWallet;
let vault: TestWallet;

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
  hot = await scene.openWallet(signer, 'hot', { customer: null });
  cold = await scene.openWallet(signer, 'cold', { customer: null });
  other = await scene.openWallet(signer, 'other', { customer: null });
  vault = await scene.openWallet(signer, 'vault');
  const { manifest } = scene.house;
  const second: Manifest = { ...manifest, number: 2, previousHash: manifestHash(manifest) };
  await scene.loadManifest(signer, pinning(second, hot, cold));
});

afterAll(async () => {
  await scene.close();
});

/** A move with everything that it needs, cosigned, out of coins that no other call gets. */
function whole(from: TestWallet, to: TestWallet | null, intent: TreasuryMoveIntent): SigningBundle {
  const built = builtMove(intent, from, to, scene.coins(from, [600_000n, 700_000n]));
  return scene.cosigned(from, moveBundle(scene.house, from, intent, built));
}

function refill(to = hot): TreasuryMoveIntent {
  return moveIntent('refill', cold, to, { requester: scene.house.house.approvers[0]!.id });
}

function attempt(bundle: SigningBundle): Promise<string> {
  return refusalOf(scene, signer, () => signer.sign({ bundle }));
}

describe('the signer', () => {
  it('signs a sweep and a merger that nobody asked for, and a refill that people approved', async () => {
    const sweep = moveIntent('sweep', hot, cold);
    const { receipt } = await signer.sign({ bundle: whole(hot, cold, sweep) });
    expect(receipt.statement.intents).toEqual([{ hash: intentHash(sweep), requestedBy: null }]);
    await signer.sign({ bundle: whole(cold, null, moveIntent('consolidation', cold, null)) });
    const asked = await signer.sign({ bundle: whole(cold, hot, refill()) });
    const asker = scene.house.house.approvers[0]!;
    expect(asked.receipt.statement.intents[0]?.requestedBy?.credential).toBe(asker.id);
  });

  it('refuses, with an alert, what the manifest does not pin', async () => {
    expect(await attempt(whole(hot, other, moveIntent('sweep', hot, other)))).toBe('move_not_pinned');
    expect(await attempt(whole(cold, other, refill(other)))).toBe('move_not_pinned');
    expect(await attempt(whole(other, cold, moveIntent('sweep', other, cold)))).toBe('move_not_pinned');
    expect(await attempt(whole(vault, cold, moveIntent('sweep', vault, cold)))).toBe(
      'bundle_for_another_wallet',
    );
  });

  it('refuses, with an alert, a refill without people', async () => {
    const bundle = whole(cold, hot, refill());
    const intents = [{ ...bundle.intents[0]!, approvals: [] }];
    expect(await attempt({ ...bundle, intents })).toBe('approvals_insufficient');
  });

  it('refuses, with an alert, change to an attacker and a fee above the cap', async () => {
    const bundle = whole(hot, cold, moveIntent('sweep', hot, cold));
    const coins = scene.coins(hot, [600_000n, 700_000n]);
    const intent = bundle.intents[0]!.intent as TreasuryMoveIntent;
    const [paid] = builtMove(intent, hot, cold).psbt.transaction.outs.filter(
      ({ value }) => value === 1_000_000n,
    );
    const due = { scriptPubKey: paid!.script, value: 1_000_000n };
    const theft = { scriptPubKey: foreignScript('attacker'), value: 297_000n };
    const forged = (outputs: Parameters<typeof composePsbt>[2]): SigningBundle =>
      scene.cosigned(hot, {
        ...bundle,
        psbt: psbtToBase64(composePsbt(hot.descriptor, coins, outputs, 0)),
      });
    expect(await attempt(forged([due, theft]))).toBe('change_not_ours');
    expect(await attempt(forged([due]))).toBe('fee_out_of_limits');
  });

  it('lets sweeps go on while the circuit breaker stops everything that flows out', async () => {
    await signer.tripBreaker({ breaker: newId('restriction'), trippedBy: 'worker' });
    expect(await attempt(whole(cold, hot, refill()))).toBe('breaker_tripped');
    const { transaction } = await signer.sign({ bundle: whole(hot, cold, moveIntent('sweep', hot, cold)) });
    expect(transaction.length).toBeGreaterThan(200);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePsbtBase64, parseTransaction, transactionId } from '../../src/bitcoin/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { builtPayout, bundleOf, PAYEE, payoutIntent, type TestWallet } from '../fixtures/custody.ts';
import { refusalOf, SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let signer: SignerClient;
let wallet: TestWallet;

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'signing');
});
afterAll(() => scene.close());

describe('a bundle in which everything is right', () => {
  it('is signed last, into a transaction that may be broadcast', async () => {
    const { bundle } = scene.payout(wallet);
    const answer = await signer.sign({ bundle });
    const transaction = parseTransaction(Buffer.from(answer.transaction, 'hex'));
    expect(transactionId(transaction)).toBe(answer.txid);
    expect(transactionId(parsePsbtBase64(answer.psbt).transaction)).toBe(answer.txid);
    expect(transaction.ins.every(({ witness }) => witness.length === 4)).toBe(true);
    const { alerts } = await signer.alerts({ after: 0, limit: 500 });
    expect(alerts.at(-1)).toMatchObject({
      kind: 'signed',
      details: { txid: answer.txid, wallet: wallet.id },
    });
  });

  it('is answered alike when the answer was lost, also after it expired', async () => {
    const { bundle } = scene.payout(wallet);
    const once = await signer.sign({ bundle });
    const signatures = await scene.signatures();
    scene.clock.advance(14 * 24 * 3_600_000);
    expect(await signer.sign({ bundle })).toEqual(once);
    scene.clock.advance(-14 * 24 * 3_600_000);
    expect(await scene.signatures()).toBe(signatures);
  });

  it('may be one that the customer signed first, in the collaborative plan', async () => {
    const shared = await scene.openWallet(signer, 'shared', { plan: 'collaborative' });
    const intent = payoutIntent(shared);
    const bundle = bundleOf(
      scene.house,
      shared,
      [intent],
      builtPayout(shared, [intent], scene.coins(shared)),
    );
    const { transaction } = await signer.sign({ bundle: scene.cosigned(shared, bundle, 'customer') });
    expect(parseTransaction(Buffer.from(transaction, 'hex')).ins[0]?.witness).toHaveLength(4);
  });

  it('may pay several customers out of the treasury, each by a credential that is pinned', async () => {
    const [customer, neighbour] = scene.house.customers;
    const treasury = await scene.openWallet(signer, 'treasury', { customer: null });
    const intents = [
      payoutIntent(treasury, { customer }),
      payoutIntent(treasury, { customer: neighbour, payments: [{ address: PAYEE, satoshis: '70000' }] }),
    ];
    const built = builtPayout(treasury, intents, scene.coins(treasury));
    const bundle = scene.cosigned(treasury, bundleOf(scene.house, treasury, intents, built));
    expect(await refusalOf(scene, signer, () => signer.sign({ bundle }))).toBe(
      'request_not_signed_by_customer',
    );
    await scene.openWallet(signer, 'the neighbour’s', { customer: neighbour });
    const { txid } = await signer.sign({ bundle });
    const rows = await scene.query(`SELECT FROM signer.spend_intent WHERE txid = '${txid}'`);
    expect(rows).toHaveLength(2);
  });
});

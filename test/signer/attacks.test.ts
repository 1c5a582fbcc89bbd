import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAddress, parsePsbtBase64, psbtToBase64, type Psbt } from '../../src/bitcoin/index.ts';
import { INPUT } from '../../src/bitcoin/psbt/psbt-fields.ts';
import { composePsbt, type PlannedOutput } from '../../src/bitcoin/spend/compose-psbt.ts';
import type { SigningBundle, WithdrawalIntent } from '../../src/intents/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { foreignScript } from '../bitcoin/spend/spend-fixtures.ts';
import {
  builtPayout,
  bundleOf,
  enoughApprovals,
  PAYEE,
  payoutIntent,
  registeredWallet,
  requestBy,
  type TestWallet,
} from '../fixtures/custody.ts';
import { approval, at } from '../fixtures/intents.ts';
import { rsaSigner } from '../fixtures/signing-keys.ts';
import { cosign, refusalOf, SignerScene } from './signer-scene.ts';

const OTHER_PAYEE = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';

let scene: SignerScene;
let signer: SignerClient;
let wallet: TestWallet;
let intent: WithdrawalIntent;
/** Everything right about it; each attack changes one thing. */
let honest: SigningBundle;

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'attacked');
  intent = payoutIntent(wallet);
  honest = scene.cosigned(wallet, bundleOf(scene.house, wallet, [intent]));
});
afterAll(async () => {
  // The honest bundle is signed at last: what was refused was refused for its own fault.
  await signer.sign({ bundle: honest });
  await scene.close();
});

const attempt = (bundle: SigningBundle): Promise<string> =>
  refusalOf(scene, signer, () => signer.sign({ bundle }));

/** The honest bundle with its one entry changed. */
function withEntry(change: Partial<SigningBundle['intents'][number]>): SigningBundle {
  return { ...honest, intents: [{ ...honest.intents[0]!, ...change }] };
}

/** The intent edited after everybody has signed, with a transaction that fits it. */
function edited(change: Partial<WithdrawalIntent['body']>): SigningBundle {
  const other = { ...intent, body: { ...intent.body, ...change } };
  return {
    ...withEntry({ intent: other }),
    psbt: psbtToBase64(cosign(wallet, builtPayout(wallet, [other]).psbt)),
  };
}

/** A bundle for another intent that is right in every other respect. */
function madeFor(
  other: WithdrawalIntent,
  change: Partial<SigningBundle['intents'][number]> = {},
): SigningBundle {
  const bundle = bundleOf(scene.house, wallet, [other]);
  return scene.cosigned(wallet, { ...bundle, intents: [{ ...bundle.intents[0]!, ...change }] });
}

describe('after people have signed, nobody edits', () => {
  it.each<[string, Partial<WithdrawalIntent['body']>]>([
    ['the payee', { payments: [{ address: OTHER_PAYEE, satoshis: '500000' }] }],
    ['the amount', { payments: [{ address: PAYEE, satoshis: '500001' }] }],
    ['the fee', { maxFeeSatoshis: '20000' }],
    [
      'the payees, adding one',
      { payments: [...['500000', '1000'].map((satoshis) => ({ address: PAYEE, satoshis }))] },
    ],
  ])('%s', async (_, change) => {
    expect(await attempt(edited(change))).toBe('approval_for_another_intent');
  });
});

describe('the people', () => {
  it('must include the customer', async () => {
    expect(await attempt(withEntry({ request: null }))).toBe('request_not_signed_by_customer');
  });

  it('must include this customer, not another', async () => {
    const [, neighbour] = scene.house.customers;
    expect(await attempt(withEntry({ request: requestBy(neighbour, intent) }))).toBe(
      'request_not_signed_by_customer',
    );
  });

  it('must include this customer by their own key, not by one of the same name', async () => {
    const thief = { ...scene.house.customers[0], signer: rsaSigner('key-6') };
    expect(await attempt(withEntry({ request: requestBy(thief, intent) }))).toBe('signature_wrong');
  });

  it('approve with their own keys', async () => {
    const [first, , third] = scene.house.house.approvers;
    const swapped = approval(intent, { id: third!.id, signer: rsaSigner('key-6') });
    expect(await attempt(withEntry({ approvals: [approval(intent, first!), swapped] }))).toBe(
      'signature_wrong',
    );
  });

  it('approve this, not another intent whose approvals are shown again', async () => {
    const approvals = enoughApprovals(scene.house, payoutIntent(wallet));
    expect(await attempt(withEntry({ approvals }))).toBe('approval_for_another_intent');
    expect(await attempt(madeFor(payoutIntent(wallet), { approvals: honest.intents[0]!.approvals }))).toBe(
      'approval_for_another_intent',
    );
  });

  it('do not approve what they asked for', async () => {
    const requester = scene.house.house.approvers[0]!.id;
    expect(await attempt(madeFor(payoutIntent(wallet, { change: { requester } })))).toBe(
      'approver_is_requester',
    );
  });

  it('are as many as the manifest says, each counted once', async () => {
    const [first] = scene.house.house.approvers;
    const large = payoutIntent(wallet, { payments: [{ address: PAYEE, satoshis: '1200000' }] });
    const twice = [approval(large, first!), approval(large, first!, { signedAt: at(-4) })];
    expect(await attempt(madeFor(large, { approvals: twice }))).toBe('approvals_insufficient');
    expect(await attempt(withEntry({ approvals: [] }))).toBe('approvals_insufficient');
  });

  it('sign within the life of the intent, and it is signed within that life', async () => {
    const [first, , third] = scene.house.house.approvers;
    const early = [approval(intent, first!, { signedAt: at(-600) }), approval(intent, third!)];
    expect(await attempt(withEntry({ approvals: early }))).toBe('approval_out_of_time');
    scene.clock.advance(25 * 3_600_000);
    expect(await attempt(honest)).toBe('intent_expired');
    scene.clock.advance(-25 * 3_600_000);
  });

  it('that the manifest of now no longer names count for nothing, though it was valid when they signed', async () => {
    // On a scene of its own, since a manifest cannot be taken back.
    const other = await SignerScene.open();
    const client = await other.start();
    await other.loadManifest(client);
    const vault = await other.openWallet(client, 'old manifest');
    const { bundle } = other.payout(vault);
    const { manifest } = other.house;
    const { manifestHash } = await import('../../src/intents/index.ts');
    const [, second, third] = manifest.approvers;
    await other.loadManifest(client, {
      ...manifest,
      number: 2,
      previousHash: manifestHash(manifest),
      approvers: [second!, third!],
    });
    expect(await refusalOf(other, client, () => client.sign({ bundle }))).toBe('approver_unknown');
    await other.close();
  });
});

/** What the attacker would like to have signed, with the station's true signature on it. */
function forged(
  outputs: (honestly: readonly PlannedOutput[]) => PlannedOutput[],
  values = [2_000_000n],
): SigningBundle {
  const { change } = builtPayout(wallet, [intent]);
  const payee = { scriptPubKey: parseAddress(PAYEE, 'regtest').scriptPubKey, value: 500_000n };
  const script = builtPayout(wallet, [intent]).psbt.transaction.outs[change!.outputIndex]!.script;
  const back = { scriptPubKey: script, value: change!.value, position: change!.position };
  const psbt = composePsbt(wallet.descriptor, scene.coins(wallet, values), outputs([payee, back]), 0);
  return { ...honest, psbt: psbtToBase64(cosign(wallet, psbt)) };
}

function tampered(change: (psbt: Psbt) => void): SigningBundle {
  const psbt = parsePsbtBase64(honest.psbt);
  change(psbt);
  return { ...honest, psbt: psbtToBase64(psbt) };
}

describe('a transaction that the station signed all the same is refused with', () => {
  const attacker = foreignScript('attacker');
  it.each<[string, string, () => SigningBundle]>([
    [
      'the payee swapped',
      'payments_differ',
      () => forged(([payee, back]) => [{ ...payee!, scriptPubKey: attacker }, back!]),
    ],
    [
      'the attacker’s change',
      'change_not_ours',
      () => forged(([payee, back]) => [payee!, { ...back!, scriptPubKey: attacker }]),
    ],
    [
      'an extra input that goes to the fee',
      'fee_out_of_limits',
      () => forged((outputs) => [...outputs], [2_000_000n, 1_000_000n]),
    ],
    [
      'a fee beyond what was approved',
      'fee_out_of_limits',
      () => forged(([payee, back]) => [payee!, { ...back!, value: back!.value - 20_000n }]),
    ],
    [
      'an input said to be worth more',
      'psbt_utxo_conflict',
      () =>
        tampered((psbt) => {
          const utxo = Buffer.from(psbt.inputs[0]!.get(INPUT.witnessUtxo)!);
          utxo.writeBigUInt64LE(9_000_000n, 0);
          psbt.inputs[0]!.setType(INPUT.witnessUtxo, utxo);
        }),
    ],
    [
      'SIGHASH_NONE asked for',
      'sighash_type_refused',
      () => tampered((psbt) => psbt.inputs[0]!.setType(INPUT.sighashType, Uint8Array.from([2, 0, 0, 0]))),
    ],
  ])('%s', async (_, code, make) => {
    expect(await attempt(make())).toBe(code);
  });

  it('the signature of nobody', async () => {
    const bundle = bundleOf(scene.house, wallet, [intent]);
    expect(await attempt(bundle)).toBe('cosigner_signature_missing');
  });

  it('the station’s signature over another transaction', async () => {
    const [theirs] = parsePsbtBase64(forged((outputs) => [...outputs]).psbt).inputs;
    const bundle = tampered((psbt) => {
      const copied = theirs!.filter(({ key }) => key[0] === INPUT.partialSignature);
      for (const { key, value } of copied.entries) psbt.inputs[0]!.set(key, value);
    });
    expect(await attempt(bundle)).toBe('signature_invalid');
  });
});

describe('the wallet', () => {
  it('must be one that is pinned here', async () => {
    const unpinned = registeredWallet(scene.house, 'unpinned');
    const bundle = scene.cosigned(unpinned, bundleOf(scene.house, unpinned, [payoutIntent(unpinned)]));
    expect(await attempt(bundle)).toBe('wallet_unknown');
  });

  it('must be the intent’s own, by its descriptor', async () => {
    const other = payoutIntent(wallet, {});
    const elsewhere = { ...other, body: { ...other.body, descriptorHash: 'd'.repeat(64) } };
    expect(await attempt(madeFor(elsewhere))).toBe('bundle_for_another_wallet');
  });

  it('must be the customer’s own', async () => {
    const [, neighbour] = scene.house.customers;
    expect(await attempt(madeFor(payoutIntent(wallet, { customer: neighbour })))).toBe(
      'bundle_for_another_wallet',
    );
  });
});

it('what is not a bundle at all is refused in words, and leaves its row', async () => {
  const bundle = { ...honest, wallet: 'not a wallet' };
  expect(await attempt(bundle)).toBe('parameters_malformed');
});

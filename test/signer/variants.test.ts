// Fee variants: whoever sends a bundle, what is signed with the first is the same payout at a higher fee and nothing
// else, and of all of them the signer completes ever dearer ones.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bumpFee,
  DEFAULT_SPEND_LIMITS,
  deriveAddress,
  parseAddress,
  psbtToBase64,
  type BuiltSpend,
  type WalletCoin,
} from '../../src/bitcoin/index.ts';
import { composePsbt, type PlannedOutput } from '../../src/bitcoin/spend/compose-psbt.ts';
import { intentHash, type SigningBundle, type WithdrawalIntent } from '../../src/intents/index.ts';
import { feeRateFromSatsPerKvb, isDomainError, ZERO_SATOSHIS } from '../../src/shared/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { foreignScript } from '../bitcoin/spend/spend-fixtures.ts';
import { builtPayout, bundleOf, PAYEE, payoutIntent, type TestWallet } from '../fixtures/custody.ts';
import { refusalOf, SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let signer: SignerClient;
let wallet: TestWallet;

beforeAll(async () => {
  scene = await SignerScene.open(({ manifest }) => ({
    ...manifest,
    limits: { ...manifest.limits, maxDailySatoshis: '50000000' },
  }));
  signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'with variants');
});
afterAll(() => scene.close());

interface Payout {
  readonly intent: WithdrawalIntent;
  readonly coins: readonly WalletCoin[];
  /** At 10, 20 and 40 sat/vB. */
  readonly built: readonly [BuiltSpend, BuiltSpend, BuiltSpend];
}

function payout(): Payout {
  const intent = payoutIntent(wallet);
  const coins = scene.coins(wallet);
  const first = builtPayout(wallet, [intent], coins, 10n);
  const dearer = (original: BuiltSpend, rate: bigint): BuiltSpend =>
    bumpFee({
      ...{ wallet: wallet.descriptor, original, limits: DEFAULT_SPEND_LIMITS },
      ...{ feeRate: feeRateFromSatsPerKvb(rate * 1000n), descendantFees: ZERO_SATOSHIS },
    });
  const second = dearer(first, 20n);
  return { intent, coins, built: [first, second, dearer(second, 40n)] };
}

/** Signed by the cold key, with variants as they are given. */
function bundleFor(
  { intent }: Payout,
  built: Pick<BuiltSpend, 'psbt'>,
  variants: string[] = [],
): SigningBundle {
  const bundle = scene.cosigned(wallet, bundleOf(scene.house, wallet, [intent], built));
  return variants.length === 0 ? bundle : { ...bundle, variants };
}

const attempt = (bundle: SigningBundle): Promise<string> =>
  refusalOf(scene, signer, () => signer.sign({ bundle }));

describe('a variant that is more than the same payout at a higher fee is refused with an alert:', () => {
  const payee: PlannedOutput = {
    scriptPubKey: parseAddress(PAYEE, 'regtest').scriptPubKey,
    value: 500_000n,
  };

  /** The output of the change, with something else about it. */
  function change({ built: [first] }: Payout, differs: Partial<PlannedOutput> = {}): PlannedOutput {
    const { outputIndex, position, value } = first.change!;
    const { script } = first.psbt.transaction.outs[outputIndex]!;
    return { scriptPubKey: script, value: value - 2_000n, position, ...differs };
  }

  const attacks: readonly (readonly [
    string,
    string,
    (all: Payout) => { readonly outputs: readonly PlannedOutput[]; readonly coins?: readonly WalletCoin[] },
  ])[] = [
    [
      'it pays another',
      'payments_differ',
      (all) => ({ outputs: [{ ...payee, scriptPubKey: foreignScript('attacker') }, change(all)] }),
    ],
    ['it pays more', 'payments_differ', (all) => ({ outputs: [{ ...payee, value: 501_000n }, change(all)] })],
    [
      'its change is the attacker’s',
      'change_not_ours',
      (all) => ({ outputs: [payee, { scriptPubKey: foreignScript('attacker'), value: change(all).value }] }),
    ],
    [
      'its change is at another place of the wallet',
      'variant_malformed',
      (all) => {
        const position = { branch: 'change', index: 7 } as const;
        const { scriptPubKey } = deriveAddress(wallet.descriptor, 'change', 7);
        return { outputs: [payee, change(all, { position, scriptPubKey })] };
      },
    ],
    [
      'it spends one coin more',
      'variant_malformed',
      (all) => ({
        outputs: [payee, change(all, { value: change(all).value + 990_000n })],
        coins: [...all.coins, ...scene.coins(wallet, [1_000_000n])],
      }),
    ],
    [
      'it spends other coins, so that both could confirm',
      'variant_malformed',
      (all) => ({ outputs: [payee, change(all)], coins: scene.coins(wallet) }),
    ],
    [
      'its fee is beyond what was approved',
      'fee_out_of_limits',
      (all) => ({ outputs: [payee, change(all, { value: change(all).value - 9_000n })] }),
    ],
    [
      'its fee is lower',
      'variant_malformed',
      (all) => ({ outputs: [payee, change(all, { value: change(all).value + 2_500n })] }),
    ],
  ];

  it.each(attacks)('%s (%s)', async (_name, code, attack) => {
    const all = payout();
    const { outputs, coins = all.coins } = attack(all);
    const variant = psbtToBase64(composePsbt(wallet.descriptor, coins, outputs, 0));
    expect(await attempt(bundleFor(all, all.built[0], [variant]))).toBe(code);
    const honest = psbtToBase64(all.built[1].psbt);
    expect(await attempt(bundleFor(all, all.built[0], [honest, variant]))).toBe(code);
    expect(await attempt(bundleFor(all, all.built[0], [honest]))).toBe('accepted');
  });

  it('more than three, two of one fee, and any beside a parent', async () => {
    const all = payout();
    const [, second, third] = all.built.map(({ psbt }) => psbtToBase64(psbt));
    expect(await attempt(bundleFor(all, all.built[0], [second!, second!]))).toBe('variant_malformed');
    expect(await attempt(bundleFor(all, all.built[0], [third!, second!]))).toBe('variant_malformed');
    const five = bundleFor(all, all.built[0], [second!, second!, second!, third!]);
    await expect(signer.sign({ bundle: five })).rejects.toMatchObject({ code: 'parameters_malformed' });
  });
});

describe('of all variants the signer completes', () => {
  it('one at a time, each dearer than the one before, and none that is cheaper afterwards', async () => {
    const all = payout();
    const [first, second, third] = all.built;
    expect((await signer.sign({ bundle: bundleFor(all, first) })).txid).toBe(first.txid);
    expect((await signer.sign({ bundle: bundleFor(all, third) })).txid).toBe(third.txid);
    expect(await attempt(bundleFor(all, second))).toBe('replacement_not_higher');
    // The very same is only repeated.
    expect((await signer.sign({ bundle: bundleFor(all, first) })).txid).toBe(first.txid);
  });

  it('ever dearer ones when two processes ask for two at once', async () => {
    const other = await scene.start();
    for (let round = 0; round < 4; round++) {
      const all = payout();
      const [, second, third] = all.built;
      const [one, two] = round % 2 === 0 ? ([signer, other] as const) : ([other, signer] as const);
      const answers = await Promise.allSettled([
        one.sign({ bundle: bundleFor(all, second) }),
        two.sign({ bundle: bundleFor(all, third) }),
      ]);
      const [cheap, dear] = answers;
      expect(dear.status).toBe('fulfilled');
      if (cheap.status === 'rejected') {
        const thrown = cheap.reason as unknown;
        expect(isDomainError(thrown) && thrown.code).toBe('replacement_not_higher');
      }
      const fees = await scene.query<{ fee: bigint }>(
        `SELECT fee FROM signer.spend_intent JOIN signer.spend USING (txid)
         WHERE intent_hash = '${intentHash(all.intent)}' ORDER BY counter`,
      );
      expect(fees.map(({ fee }) => fee)).toEqual(
        cheap.status === 'fulfilled' ? [second.fee, third.fee] : [third.fee],
      );
      expect(await attempt(bundleFor(all, second))).toBe(
        cheap.status === 'fulfilled' ? 'accepted' : 'replacement_not_higher',
      );
    }
    expect((await signer.status({})).sealed).toBeNull();
  });
});

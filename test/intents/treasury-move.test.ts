import { describe, expect, it } from 'vitest';
import { psbtToBase64, type WalletCoin } from '../../src/bitcoin/index.ts';
import { composePsbt } from '../../src/bitcoin/spend/compose-psbt.ts';
import {
  describeVerified,
  explainIntent,
  parseSigningBundle,
  verifyBundle,
  type SigningBundle,
  type TreasuryMoveIntent,
} from '../../src/intents/index.ts';
import { foreignScript } from '../bitcoin/spend/spend-fixtures.ts';
import {
  bundleOf,
  bundleTrust,
  custody,
  payoutIntent,
  registeredWallet,
  requestBy,
  walletCoins,
  type TestWallet,
} from '../fixtures/custody.ts';
import { approval, NOW } from '../fixtures/intents.ts';
import { askedBy, builtMove, moveBundle, moveIntent, pinning } from '../fixtures/treasury.ts';

const open = custody();
const hot = registeredWallet(open, 'hot', { customer: null, plan: 'treasury_hot' });
const cold = registeredWallet(open, 'cold', { customer: null });
const third = registeredWallet(open, 'somebody’s', { customer: null });
const vault = registeredWallet(open, 'vault');
const house = { ...open, manifest: pinning(open.manifest, hot, cold) };
const [asker, other] = house.house.approvers;

async function refusalOf(
  from: TestWallet,
  bundle: SigningBundle,
  manifest = house.manifest,
): Promise<string> {
  try {
    const trust = { ...bundleTrust(house, from), manifest };
    await verifyBundle(parseSigningBundle(structuredClone(bundle)), trust, NOW);
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

const sweep = moveIntent('sweep', hot, cold);
const refill = moveIntent('refill', cold, hot, { requester: asker!.id });
const merge = moveIntent('consolidation', cold, null);

function swept(intent: TreasuryMoveIntent = sweep, to: TestWallet = cold): SigningBundle {
  return moveBundle(house, hot, intent, builtMove(intent, hot, to));
}

function refilled(intent: TreasuryMoveIntent = refill, to: TestWallet = hot): SigningBundle {
  return moveBundle(house, cold, intent, builtMove(intent, cold, to));
}

/** The transaction that an attacker would like to have signed for the honest sweep. */
function forged(
  outputs: Parameters<typeof composePsbt>[2],
  coins: readonly WalletCoin[] = walletCoins(hot, [600_000n, 700_000n]),
): SigningBundle {
  return { ...swept(), psbt: psbtToBase64(composePsbt(hot.descriptor, coins, outputs, 0)) };
}

describe('an honest move', () => {
  it('is a sweep that nobody signs, a refill that people approve, a merger of small coins', async () => {
    const trust = { ...bundleTrust(house, hot), manifest: house.manifest };
    const verified = await verifyBundle(swept(), trust, NOW);
    expect(verified.paid).toBe(1_000_000n);
    const lines = describeVerified(swept(), verified, house.manifest, NOW).join('\n');
    expect(lines).toContain('The system made it by itself');
    expect(lines).toContain(`to the cold wallet ${cold.id}`);
    expect(await refusalOf(cold, refilled())).toBe('accepted');
    expect(explainIntent(refill).join(' ')).toContain('The reason given: Payouts of tomorrow.');
    expect(await refusalOf(cold, moveBundle(house, cold, merge, builtMove(merge, cold, null)))).toBe(
      'accepted',
    );
  });
});

describe('a move that the officers’ manifest does not name is refused:', () => {
  const attacks: readonly (readonly [string, string, () => Promise<string>])[] = [
    [
      'a sweep to a wallet that only the database calls cold',
      'move_not_pinned',
      () => refusalOf(hot, swept(moveIntent('sweep', hot, third), third)),
    ],
    ['any without pinned wallets', 'move_not_pinned', () => refusalOf(hot, swept(), open.manifest)],
    [
      'a sweep out of the cold wallet',
      'move_not_pinned',
      () => {
        const intent = moveIntent('sweep', cold, cold);
        return refusalOf(cold, moveBundle(house, cold, intent, builtMove(intent, cold, cold)));
      },
    ],
    [
      'a sweep from cold to hot, which is a refill without people',
      'move_not_pinned',
      () => {
        const intent = moveIntent('sweep', cold, hot);
        return refusalOf(cold, moveBundle(house, cold, intent, builtMove(intent, cold, hot)));
      },
    ],
    [
      'a refill of another wallet',
      'move_not_pinned',
      () => refusalOf(cold, refilled(moveIntent('refill', cold, third, { requester: asker!.id }), third)),
    ],
    [
      'a refill beyond the cap',
      'hot_cap_exceeded',
      () => {
        const more = { hotSatoshis: '4000001' };
        return refusalOf(cold, refilled(moveIntent('refill', cold, hot, { requester: asker!.id, more })));
      },
    ],
    [
      'one out of a customer’s vault',
      'bundle_for_another_wallet',
      () => {
        const intent = moveIntent('sweep', vault, cold);
        const bundle = moveBundle(house, vault, intent, builtMove(intent, vault, cold));
        return refusalOf(vault, bundle, { ...house.manifest, ...pinning(house.manifest, vault, cold) });
      },
    ],
    [
      'a merger of a customer’s coins',
      'bundle_for_another_wallet',
      () => {
        const intent = moveIntent('consolidation', vault, null);
        const bundle = moveBundle(house, vault, intent, builtMove(intent, vault, null));
        return refusalOf(vault, bundle, pinning(house.manifest, vault, cold));
      },
    ],
  ];

  it.each(attacks)('%s (%s)', async (_name, code, attack) => {
    expect(await attack()).toBe(code);
  });
});

describe('a transaction that is not the move is refused:', () => {
  const honest = builtMove(sweep, hot, cold).psbt.transaction.outs;
  const [paid] = honest.filter(({ value }) => value === 1_000_000n);
  const due = { scriptPubKey: paid!.script, value: 1_000_000n };

  const attacks: readonly (readonly [string, string, () => SigningBundle])[] = [
    [
      'it pays an attacker',
      'payments_differ',
      () => forged([{ scriptPubKey: foreignScript('attacker'), value: 1_000_000n }]),
    ],
    [
      'its change goes to an attacker',
      'change_not_ours',
      () => forged([due, { scriptPubKey: foreignScript('attacker'), value: 297_000n }]),
    ],
    ['its fee is above the cap', 'fee_out_of_limits', () => forged([due])],
  ];

  it.each(attacks)('%s (%s)', async (_name, code, attack) => {
    expect(await refusalOf(hot, attack())).toBe(code);
  });

  it('a merger pays nobody', async () => {
    const bundle = moveBundle(house, cold, merge, builtMove(sweep, cold, hot));
    expect(await refusalOf(cold, bundle)).toBe('change_not_ours');
  });
});

describe('a move that nobody may make is refused:', () => {
  it('a refill without people, by itself, by a customer, by one person alone', async () => {
    const [entitled] = refilled().intents;
    const withEntitled = (change: object): SigningBundle => ({
      ...refilled(),
      intents: [{ ...entitled!, ...change }],
    });
    expect(await refusalOf(cold, withEntitled({ approvals: [] }))).toBe('approvals_insufficient');
    expect(await refusalOf(cold, withEntitled({ request: null }))).toBe('request_not_signed_by_customer');
    expect(await refusalOf(cold, withEntitled({ request: requestBy(house.customers[0], refill) }))).toBe(
      'request_not_signed_by_customer',
    );
    expect(
      await refusalOf(cold, withEntitled({ request: askedBy({ ...other!, id: asker!.id }, refill) })),
    ).toBe('signature_wrong');
    expect(await refusalOf(cold, withEntitled({ approvals: [approval(refill, asker!)] }))).toBe(
      'approver_is_requester',
    );
    expect(await refusalOf(cold, refilled({ ...refill, requester: 'worker' }))).toBe('intent_malformed');
  });

  it('a refill by a manifest without a rule for it', async () => {
    const manifest = { ...house.manifest, controlRules: [] };
    expect(await refusalOf(cold, refilled(), manifest)).toBe('kind_not_allowed');
  });

  it('a sweep that somebody has signed, that staff ask for, or that moves nothing', async () => {
    const [entitled] = swept().intents;
    const signed = { ...swept(), intents: [{ ...entitled!, request: askedBy(asker!, sweep) }] };
    expect(await refusalOf(hot, signed)).toBe('bundle_malformed');
    expect(await refusalOf(hot, swept({ ...sweep, requester: asker!.id }))).toBe('intent_malformed');
    const nothing = {
      ...swept(),
      intents: [{ ...entitled!, intent: moveIntent('sweep', hot, cold, { amount: '0' }) }],
    };
    expect(await refusalOf(hot, nothing)).toBe('intent_malformed');
  });

  it('two moves, or a move and a withdrawal, in one transaction', async () => {
    const second = swept(moveIntent('sweep', hot, cold)).intents;
    expect(await refusalOf(hot, { ...swept(), intents: [...swept().intents, ...second] })).toBe(
      'bundle_malformed',
    );
    const withdrawal = bundleOf(house, hot, [payoutIntent(hot, { customer: house.customers[0] })]).intents;
    expect(await refusalOf(hot, { ...swept(), intents: [...swept().intents, ...withdrawal] })).toBe(
      'bundle_malformed',
    );
  });
});

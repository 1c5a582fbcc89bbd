import { describe, expect, it } from 'vitest';
import {
  completeSpend,
  deriveAddress,
  parseAddress,
  psbtToBase64,
  signPsbt,
  type Psbt,
  type WalletCoin,
} from '../../src/bitcoin/index.ts';
import { INPUT } from '../../src/bitcoin/psbt/psbt-fields.ts';
import { composePsbt, type PlannedOutput } from '../../src/bitcoin/spend/compose-psbt.ts';
import { parseSigningBundle, verifyBundle, type SigningBundle } from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import { foreignScript } from '../bitcoin/spend/spend-fixtures.ts';
import {
  builtPayout,
  bundleOf,
  bundleTrust,
  custody,
  enoughApprovals,
  PAYEE,
  payoutIntent,
  registeredWallet,
  requestBy,
  walletCoins,
} from '../fixtures/custody.ts';
import { approval, at, NOW } from '../fixtures/intents.ts';
import { rsaSigner } from '../fixtures/signing-keys.ts';

const house = custody();
const wallet = registeredWallet(house, 'vault');
const strange = registeredWallet(house, 'attacker', { customer: house.customers[1] });
const treasury = registeredWallet(house, 'treasury', { customer: null });
const trust = bundleTrust(house, wallet);
const [customer, neighbour] = house.customers;
const intent = payoutIntent(wallet);
const honest = bundleOf(house, wallet, [intent]);

async function refusalOf(bundle: SigningBundle, trusted = trust, nowMs = NOW): Promise<string> {
  try {
    await verifyBundle(parseSigningBundle(structuredClone(bundle)), trusted, nowMs);
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

function withPsbt(psbt: Psbt): SigningBundle {
  return { ...honest, psbt: psbtToBase64(psbt) };
}

const payee: PlannedOutput = {
  scriptPubKey: parseAddress(PAYEE, 'regtest').scriptPubKey,
  value: 500_000n,
};
const change = builtPayout(wallet, [intent]).change!;
const changeOutput: PlannedOutput = {
  scriptPubKey: builtPayout(wallet, [intent]).psbt.transaction.outs[change.outputIndex]!.script,
  value: change.value,
  position: change.position,
};
const attacker = foreignScript('attacker');

/** The honest PSBT with a field of its input changed. */
function withField(type: number, value: readonly number[]): Psbt {
  const { psbt } = builtPayout(wallet, [intent]);
  psbt.inputs[0]!.setType(type, Uint8Array.from(value));
  return psbt;
}

/** The honest PSBT that says something else about the value it spends. */
function claiming(value: bigint): Psbt {
  const { psbt } = builtPayout(wallet, [intent]);
  const utxo = Buffer.from(psbt.inputs[0]!.get(INPUT.witnessUtxo)!);
  utxo.writeBigUInt64LE(value, 0);
  return withField(INPUT.witnessUtxo, [...utxo]);
}

function withoutPrevious(): Psbt {
  const { psbt } = builtPayout(wallet, [intent]);
  const inputs = psbt.inputs.map((map) => map.filter(({ key }) => key[0] !== INPUT.nonWitnessUtxo));
  return { ...psbt, inputs };
}

/** The transaction that the attacker would like to have signed for the honest intent. */
function forged(
  outputs: readonly PlannedOutput[],
  coins: readonly WalletCoin[] = walletCoins(wallet),
): SigningBundle {
  return withPsbt(composePsbt(wallet.descriptor, coins, outputs, 0));
}

describe('an honest bundle', () => {
  it('is verified, explained in plain words, signed by two of three, and may be broadcast', async () => {
    const verified = await verifyBundle(honest, trust, NOW);
    expect(verified.paid).toBe(500_000n);
    expect(verified.intents.map(({ intent: { id }, approvedBy }) => [id, approvedBy])).toEqual([
      [intent.id, ['approver 1', 'approver 3']],
    ]);
    expect(verified.explanation.lines).toContain(`Pays 0.00500000 BTC to ${PAYEE}.`);
    expect(verified.explanation.oddities).toEqual([]);
    const [backup, cold, platform] = wallet.keys;
    for (const pair of [
      [cold, platform],
      [cold, backup],
      [backup, platform],
    ]) {
      const signed = pair.reduce(
        (psbt, key) => signPsbt(psbt, key!.accountKey, wallet.descriptor),
        verified.psbt,
      );
      expect(completeSpend(signed, verified.expectation).fee).toBe(verified.spend.fee);
      expect(await refusalOf(withPsbt(signed))).toBe('accepted');
    }
  });

  it('may carry out several intents, also of several customers from a treasury wallet', async () => {
    const intents = [
      payoutIntent(treasury, { customer }),
      payoutIntent(treasury, { customer: neighbour, payments: [{ address: PAYEE, satoshis: '70000' }] }),
    ];
    const bundle = bundleOf(house, treasury, intents);
    const verified = await verifyBundle(bundle, bundleTrust(house, treasury), NOW);
    expect(verified.paid).toBe(570_000n);
  });

  it('may pay without change, and a vault of the collaborative plan', async () => {
    const shared = registeredWallet(house, 'shared', { plan: 'collaborative' });
    const whole = payoutIntent(shared, { payments: [{ address: PAYEE, satoshis: '1996500' }] });
    const built = builtPayout(shared, [whole]);
    expect(built.change).toBeNull();
    expect(await refusalOf(bundleOf(house, shared, [whole], built), bundleTrust(house, shared))).toBe(
      'accepted',
    );
  });
});

describe('a transaction that is not what was approved is refused:', () => {
  const attacks: readonly (readonly [string, string, () => SigningBundle])[] = [
    [
      'the payee exchanged for the attacker',
      'payments_differ',
      () => forged([{ ...payee, scriptPubKey: attacker }, changeOutput]),
    ],
    ['the payee paid less', 'payments_differ', () => forged([{ ...payee, value: 499_999n }, changeOutput])],
    ['the payee paid more', 'payments_differ', () => forged([{ ...payee, value: 500_001n }, changeOutput])],
    ['the payee paid twice', 'change_not_ours', () => forged([payee, payee, changeOutput])],
    [
      'change to the attacker',
      'change_not_ours',
      () => forged([payee, { scriptPubKey: attacker, value: changeOutput.value }]),
    ],
    [
      'change to the attacker, marked with derivations of ours',
      'change_not_ours',
      () => forged([payee, { ...changeOutput, scriptPubKey: attacker }]),
    ],
    [
      'change to another customer’s wallet',
      'change_not_ours',
      () => {
        const theirs = builtPayout(strange, [payoutIntent(strange)]);
        const script = theirs.psbt.transaction.outs[theirs.change!.outputIndex]!.script;
        return forged([payee, { scriptPubKey: script, value: changeOutput.value }]);
      },
    ],
    [
      'change so far along that nobody finds it again',
      'change_index_out_of_bounds',
      () => {
        const { scriptPubKey } = deriveAddress(wallet.descriptor, 'change', 100_001);
        const position = { branch: 'change', index: 100_001 } as const;
        return forged([payee, { scriptPubKey, value: changeOutput.value, position }]);
      },
    ],
    [
      'change to a receive address, which the bank could show to a payer',
      'change_not_ours',
      () => {
        const { scriptPubKey } = deriveAddress(wallet.descriptor, 'receive', 3);
        const position = { branch: 'receive', index: 3 } as const;
        return forged([payee, { scriptPubKey, value: changeOutput.value, position }]);
      },
    ],
    [
      'a second output to the attacker',
      'change_not_ours',
      () =>
        forged([
          payee,
          { ...changeOutput, value: changeOutput.value - 50_000n },
          { scriptPubKey: attacker, value: 50_000n },
        ]),
    ],
    [
      'an extra input whose value goes to the fee',
      'fee_out_of_limits',
      () => forged([payee, changeOutput], walletCoins(wallet, [2_000_000n, 1_000_000n])),
    ],
    [
      'a fee above what was approved',
      'fee_out_of_limits',
      () => forged([payee, { ...changeOutput, value: changeOutput.value - 10_001n }]),
    ],
    ['no fee at all', 'fee_out_of_limits', () => forged([payee, { ...changeOutput, value: 1_500_000n }])],
    [
      'more paid than spent',
      'fee_out_of_limits',
      () => forged([payee, { ...changeOutput, value: 1_600_000n }]),
    ],
    [
      'a coin of another wallet',
      'input_foreign',
      () => withPsbt(builtPayout(strange, [payoutIntent(strange)]).psbt),
    ],
    [
      'an input twice',
      'input_duplicate',
      () => forged([payee], [...walletCoins(wallet), ...walletCoins(wallet)]),
    ],
    [
      'SIGHASH_NONE asked for',
      'sighash_type_refused',
      () => withPsbt(withField(INPUT.sighashType, [2, 0, 0, 0])),
    ],
    [
      'SIGHASH_ALL|ANYONECANPAY asked for',
      'sighash_type_refused',
      () => withPsbt(withField(INPUT.sighashType, [0x81, 0, 0, 0])),
    ],
    ['an input whose value is said to be higher', 'psbt_utxo_conflict', () => withPsbt(claiming(9_000_000n))],
    [
      'an input whose value is said to be lower, so that the fee looks small',
      'psbt_utxo_conflict',
      () => withPsbt(claiming(1_000_000n)),
    ],
    [
      'an input without the transaction that made it',
      'previous_transaction_missing',
      () => withPsbt(withoutPrevious()),
    ],
    ['a psbt that is none', 'psbt_transaction_missing', () => ({ ...honest, psbt: 'cHNidP8A' })],
  ];

  it.each(attacks)('%s (%s)', async (_name, code, attack) => {
    expect(await refusalOf(attack())).toBe(code);
  });
});

describe('intents that do not entitle are refused:', () => {
  const entitled = honest.intents[0]!;

  function withEntitled(changed: Partial<typeof entitled>): SigningBundle {
    return { ...honest, intents: [{ ...entitled, ...changed }] };
  }

  it('none, and one that lacks the customer’s signature', async () => {
    expect(await refusalOf({ ...honest, intents: [] })).toBe('bundle_malformed');
    expect(await refusalOf(withEntitled({ request: null }))).toBe('request_not_signed_by_customer');
  });

  it('one whose payee was exchanged after everybody had signed, with a transaction to match', async () => {
    const stolen = structuredClone(intent);
    stolen.body.payments[0]!.address = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';
    const { psbt } = builtPayout(wallet, [stolen]);
    const bundle = { ...withPsbt(psbt), intents: [{ ...entitled, intent: stolen }] };
    expect(await refusalOf(bundle)).toBe('approval_for_another_intent');
  });

  it('one that another customer, or somebody with another key, asked for', async () => {
    expect(await refusalOf(withEntitled({ request: requestBy(neighbour, intent) }))).toBe(
      'request_not_signed_by_customer',
    );
    const thief = { ...customer, signer: rsaSigner('key-6') };
    expect(await refusalOf(withEntitled({ request: requestBy(thief, intent) }))).toBe('signature_wrong');
  });

  it('approvals for another intent, too few, from one person twice, from strangers, or a rejection', async () => {
    const [first, second, third] = house.house.approvers;
    const other = payoutIntent(wallet);
    expect(await refusalOf(withEntitled({ approvals: enoughApprovals(house, other) }))).toBe(
      'approval_for_another_intent',
    );
    expect(await refusalOf(withEntitled({ approvals: [] }))).toBe('approvals_insufficient');
    const large = payoutIntent(wallet, { payments: [{ address: PAYEE, satoshis: '1500000' }] });
    const bundle = bundleOf(house, wallet, [large]);
    expect(await refusalOf(bundle)).toBe('accepted');
    const approvals = [
      [approval(large, third!)],
      [approval(large, third!), approval(large, third!)],
      // Two passkeys, but nobody who saw the bytes by a local program.
      [approval(large, first!), approval(large, second!)],
    ];
    for (const given of approvals) {
      const lacking = { ...bundle, intents: [{ ...bundle.intents[0]!, approvals: given }] };
      expect(await refusalOf(lacking)).toBe('approvals_insufficient');
    }
    const stranger = { id: newId('staff'), signer: rsaSigner('key-6') };
    expect(await refusalOf(withEntitled({ approvals: [approval(intent, stranger)] }))).toBe(
      'approver_unknown',
    );
    const impostor = { id: first!.id, signer: rsaSigner('key-6') };
    expect(await refusalOf(withEntitled({ approvals: [approval(intent, impostor)] }))).toBe(
      'signature_wrong',
    );
    const rejection = approval(intent, second!, { decision: 'reject', reason: 'never seen this payee' });
    expect(await refusalOf(withEntitled({ approvals: [...entitled.approvals, rejection] }))).toBe(
      'approval_rejected',
    );
  });

  it('an expired one, one from the future, and any under an expired manifest', async () => {
    expect(await refusalOf(honest, trust, Date.parse(intent.expiresAt))).toBe('intent_expired');
    expect(await refusalOf(honest, trust, Date.parse(intent.createdAt) - 10 * 60_000)).toBe(
      'intent_from_the_future',
    );
    const manifest = { ...house.manifest, expiresAt: at(0) };
    expect(await refusalOf(honest, { ...trust, manifest })).toBe('manifest_expired');
  });

  it('one that is listed twice, so that its payee would be paid twice', async () => {
    const twice = bundleOf(house, wallet, [intent, intent]);
    expect(await refusalOf(twice)).toBe('bundle_malformed');
  });

  it('one for another wallet, descriptor, balance or network', async () => {
    const elsewhere = payoutIntent(wallet, { change: { body: { ...intent.body, wallet: newId('wallet') } } });
    expect(await refusalOf(bundleOf(house, wallet, [elsewhere]))).toBe('bundle_for_another_wallet');
    const swapped = payoutIntent(wallet, {
      change: { body: { ...intent.body, descriptorHash: payoutIntent(strange).body.descriptorHash } },
    });
    expect(await refusalOf(bundleOf(house, wallet, [swapped]))).toBe('bundle_for_another_wallet');
    const spending = payoutIntent(wallet, { change: { body: { ...intent.body, balance: 'spending' } } });
    expect(await refusalOf(bundleOf(house, wallet, [spending]))).toBe('bundle_for_another_wallet');
    const vault = payoutIntent(treasury, { customer });
    const fromTreasury = { ...vault, body: { ...vault.body, balance: 'vault' as const } };
    expect(await refusalOf(bundleOf(house, treasury, [fromTreasury]), bundleTrust(house, treasury))).toBe(
      'bundle_for_another_wallet',
    );
    expect(await refusalOf(honest, bundleTrust(house, strange))).toBe('bundle_for_another_wallet');
    const mainnet = payoutIntent(wallet, { change: { network: 'mainnet' } });
    expect(await refusalOf(bundleOf(house, wallet, [mainnet]))).toBe('intent_wrong_network');
  });

  it('one of a neighbour out of a customer’s vault', async () => {
    const theirs = payoutIntent(wallet, { customer: neighbour });
    expect(await refusalOf(bundleOf(house, wallet, [theirs]))).toBe('bundle_for_another_wallet');
  });

  it('one above the limit of the manifest', async () => {
    const limits = { ...house.manifest.limits, maxWithdrawalSatoshis: '509999' };
    expect(await refusalOf(honest, { ...trust, manifest: { ...house.manifest, limits } })).toBe(
      'limit_exceeded',
    );
    const cheap = { ...house.manifest.limits, maxFeeSatoshis: '100' };
    const manifest = { ...house.manifest, limits: cheap };
    expect(await refusalOf(honest, { ...trust, manifest })).toBe('fee_out_of_limits');
  });
});

import { describe, expect, it } from 'vitest';
import {
  buildSpends,
  checkSpend,
  deriveAddress,
  parsePsbt,
  serializePsbt,
  signPsbt,
  type BuiltSpend,
  type Psbt,
  type SpendExpectation,
} from '../../../src/bitcoin/index.ts';
import { GLOBAL, INPUT, OUTPUT } from '../../../src/bitcoin/psbt/psbt-fields.ts';
import { PsbtMap } from '../../../src/bitcoin/psbt/psbt-map.ts';
import { clonePsbt } from '../../../src/bitcoin/psbt/psbt.ts';
import { ByteWriter } from '../../../src/bitcoin/transactions/byte-writer.ts';
import {
  parseTransaction,
  parseUnsignedTransaction,
  serializeWithoutWitness,
} from '../../../src/bitcoin/transactions/transaction-codec.ts';
import { satoshis } from '../../../src/shared/index.ts';
import { fixtureWallet } from '../wallet-fixtures.ts';
import {
  foreignScript,
  fundingCoins,
  payment,
  refusal,
  separateCoins,
  spendContext,
} from './spend-fixtures.ts';

const { descriptor, keys } = fixtureWallet('check');
const other = fixtureWallet('check other');
const payments = [payment('alice', 150_000n), payment('bob', 70_000n)];
const { limits } = spendContext(descriptor);
const expectation: SpendExpectation = { wallet: descriptor, payments, limits };

function built(): BuiltSpend {
  const coins = separateCoins(descriptor, [90_000n, 80_000n, 120_000n, 60_000n]);
  return buildSpends({ ...spendContext(descriptor), coins, payments })[0]!;
}

type Outputs = { script: Uint8Array; value: bigint }[];
interface Parts {
  readonly transaction: Psbt['transaction'];
  readonly outputs: Outputs;
  readonly inputMaps: PsbtMap[];
  readonly outputMaps: PsbtMap[];
}

/** What a lying builder could send: the PSBT of `built` with its transaction changed and written anew. */
function forged(change: (parts: Parts) => void, spend = built()): Psbt {
  const copy = clonePsbt(spend.psbt);
  const transaction = parseUnsignedTransaction(serializeWithoutWitness(copy.transaction));
  const parts = {
    transaction,
    outputs: transaction.outs,
    inputMaps: [...copy.inputs],
    outputMaps: [...copy.outputs],
  };
  change(parts);
  copy.global.setType(GLOBAL.unsignedTransaction, serializeWithoutWitness(transaction));
  const psbt = { transaction, global: copy.global, inputs: parts.inputMaps, outputs: parts.outputMaps };
  return parsePsbt(serializePsbt(psbt));
}

function outputPaying(outputs: Outputs, name: string): Outputs[number] {
  const script = foreignScript(name);
  return outputs.find((output) => Buffer.from(output.script).equals(script))!;
}

const codeOf = (psbt: Psbt, other: Partial<SpendExpectation> = {}): string =>
  refusal(() => checkSpend(psbt, { ...expectation, ...other }));

describe('what checkSpend accepts', () => {
  it('is what was built, whichever way it travelled', () => {
    const spend = built();
    const checked = checkSpend(parsePsbt(serializePsbt(spend.psbt)), expectation);
    expect(checked).toMatchObject({ fee: spend.fee, weight: spend.weight, change: spend.change });
    expect(checked.inputs).toHaveLength(spend.coins.length);
  });
});

describe('outputs that differ from the intent', () => {
  it('refuses a payment to somebody else', () => {
    const psbt = forged(({ outputs }) => {
      outputPaying(outputs, 'bob').script = foreignScript('mallory');
    });
    expect(codeOf(psbt)).toBe('payments_differ');
  });

  it('refuses payments whose amounts were swapped', () => {
    const psbt = forged(({ outputs }) => {
      const [alice, bob] = [outputPaying(outputs, 'alice'), outputPaying(outputs, 'bob')];
      [alice.value, bob.value] = [bob.value, alice.value];
    });
    expect(codeOf(psbt)).toBe('payments_differ');
  });

  it('refuses one satoshi more or less', () => {
    for (const difference of [1n, -1n]) {
      const psbt = forged(({ outputs }) => {
        outputPaying(outputs, 'alice').value += difference;
      });
      expect(codeOf(psbt)).toBe('payments_differ');
    }
  });

  it('refuses an output that nobody approved', () => {
    const psbt = forged(({ outputs, outputMaps }) => {
      outputs.push({ script: foreignScript('mallory'), value: 10_000n });
      outputMaps.push(new PsbtMap());
    });
    expect(codeOf(psbt)).toBe('change_not_ours');
  });

  it('refuses a payment made twice', () => {
    const psbt = forged(({ outputs, outputMaps }) => {
      outputs.push({ ...outputPaying(outputs, 'bob') });
      outputMaps.push(new PsbtMap());
    });
    expect(codeOf(psbt)).toBe('change_not_ours');
  });

  it('refuses a missing payment', () => {
    expect(codeOf(built().psbt, { payments: [...payments, payment('carol', 5_000n)] })).toBe(
      'payments_differ',
    );
  });

  it('counts equal payments', () => {
    const twice = [payments[0]!, payments[0]!];
    const coins = separateCoins(descriptor, [400_000n]);
    const [spend] = buildSpends({ ...spendContext(descriptor), coins, payments: twice });
    expect(codeOf(spend!.psbt, { payments: twice })).toBe('accepted');
    expect(codeOf(spend!.psbt, { payments: [payments[0]!] })).toBe('change_not_ours');
  });
});

describe('change', () => {
  const at = (wallet: typeof descriptor, branch: 'receive' | 'change', index: number) =>
    deriveAddress(wallet, branch, index);

  it('refuses change to a stranger that carries the derivations of our own', () => {
    const spend = built();
    const psbt = forged(({ outputs }) => {
      outputs[spend.change!.outputIndex]!.script = at(other.descriptor, 'change', 7).scriptPubKey;
    }, spend);
    expect(codeOf(psbt)).toBe('change_not_ours');
  });

  it('refuses change without derivations: what is not proven ours is a payment', () => {
    const spend = built();
    const psbt = forged(({ outputMaps }) => {
      outputMaps[spend.change!.outputIndex] = new PsbtMap();
    }, spend);
    expect(codeOf(psbt)).toBe('change_not_ours');
  });

  it('refuses change to a receive address, where the books would take it for a deposit', () => {
    const spend = built();
    const psbt = forged(({ outputs, outputMaps, inputMaps }) => {
      const index = spend.change!.outputIndex;
      outputs[index]!.script = at(descriptor, 'receive', spend.coins[0]!.position.index).scriptPubKey;
      const map = new PsbtMap();
      for (const { keyData, value } of inputMaps[0]!.ofType(INPUT.derivation)) {
        map.set(Uint8Array.of(OUTPUT.derivation, ...keyData), value);
      }
      outputMaps[index] = map;
    }, spend);
    expect(codeOf(psbt)).toBe('change_not_ours');
  });

  it('refuses change beyond the bound, where a restored wallet would not look', () => {
    const coins = separateCoins(descriptor, [400_000n]);
    const far = { ...spendContext(descriptor), changeIndex: limits.maxChangeIndex + 1, coins, payments };
    expect(refusal(() => buildSpends(far))).toBe('change_index_out_of_bounds');
    expect(codeOf(built().psbt, { limits: { ...limits, maxChangeIndex: 6 } })).toBe(
      'change_index_out_of_bounds',
    );
  });
});

describe('inputs', () => {
  it('refuses the coin of another wallet', () => {
    const foreign = buildSpends({
      ...spendContext(other.descriptor),
      coins: separateCoins(other.descriptor, [400_000n]),
      payments,
    })[0]!;
    expect(codeOf(foreign.psbt)).toBe('input_foreign');
    const mixed = forged(({ transaction, inputMaps }) => {
      transaction.ins.push(foreign.psbt.transaction.ins[0]!);
      inputMaps.push(foreign.psbt.inputs[0]!);
    });
    expect(codeOf(mixed)).toBe('input_foreign');
    expect(refusal(() => signPsbt(mixed, keys[0]!, descriptor))).toBe('input_foreign');
  });

  it('refuses an input that does not prove its value', () => {
    const psbt = forged(({ inputMaps }) => {
      inputMaps[0] = inputMaps[0]!.filter(({ key }) => key[0] !== INPUT.nonWitnessUtxo);
    });
    expect(codeOf(psbt)).toBe('previous_transaction_missing');
    expect(refusal(() => signPsbt(psbt, keys[0]!, descriptor))).toBe('previous_transaction_missing');
  });

  it('refuses an inflated or deflated value (the fee attack of BIP143)', () => {
    const withValue = (value: bigint) => () =>
      forged(({ inputMaps }) => {
        const script = deriveAddress(descriptor, 'receive', 0).scriptPubKey;
        inputMaps[0]!.setType(INPUT.witnessUtxo, new ByteWriter().int64(value).prefixed(script).finish());
      });
    expect(refusal(withValue(10_000_000n))).toBe('psbt_utxo_conflict');
    expect(refusal(withValue(1n))).toBe('psbt_utxo_conflict');
  });

  it('refuses a previous transaction that was changed', () => {
    const inflate = () =>
      forged(({ inputMaps }) => {
        const previous = parseTransaction(inputMaps[0]!.get(INPUT.nonWitnessUtxo)!);
        previous.outs[0]!.value += 1_000_000n;
        inputMaps[0]!.setType(INPUT.nonWitnessUtxo, serializeWithoutWitness(previous));
      });
    expect(refusal(inflate)).toBe('psbt_previous_transaction_mismatch');
  });

  it('refuses a coin spent twice', () => {
    const twice = () =>
      forged(({ transaction, inputMaps }) => {
        transaction.ins.push(transaction.ins[0]!);
        inputMaps.push(inputMaps[0]!);
      });
    expect(refusal(twice)).toBe('input_duplicate');
    // Also when the PSBT never went through the parser.
    const { psbt } = built();
    const transaction = psbt.transaction.clone();
    transaction.ins.push(transaction.ins[0]!);
    const doubled = { ...psbt, transaction, inputs: [...psbt.inputs, psbt.inputs[0]!] };
    expect(codeOf(doubled)).toBe('input_duplicate');
  });

  it('refuses another witness script than the descriptor has', () => {
    const psbt = forged(({ inputMaps }) => {
      inputMaps[0]!.setType(INPUT.witnessScript, deriveAddress(other.descriptor, 'receive', 0).witnessScript);
    });
    expect(codeOf(psbt)).toBe('psbt_script_mismatch');
    expect(refusal(() => signPsbt(psbt, keys[0]!, descriptor))).toBe('psbt_script_mismatch');
  });

  it.each([0x00, 0x02, 0x03, 0x81, 0x82, 0x83, 0x101])('refuses signature hash type %i', (type) => {
    const psbt = forged(({ inputMaps }) => {
      inputMaps[0]!.setType(INPUT.sighashType, new ByteWriter().uint32(type).finish());
    });
    expect(codeOf(psbt)).toBe('sighash_type_refused');
    expect(refusal(() => signPsbt(psbt, keys[0]!, descriptor))).toBe('sighash_type_refused');
  });

  it('signs what leaves the signature hash type open, with SIGHASH_ALL', () => {
    const psbt = forged(({ inputMaps }) => {
      inputMaps[0] = inputMaps[0]!.filter(({ key }) => key[0] !== INPUT.sighashType);
    });
    const signatures = signPsbt(psbt, keys[0]!, descriptor).inputs[0]!.ofType(INPUT.partialSignature);
    expect(signatures.map(({ value }) => value.at(-1))).toEqual([0x01]);
  });

  it('refuses an input that does not signal replacement', () => {
    const psbt = forged(({ transaction }) => {
      transaction.ins[0]!.sequence = 0xfffffffe;
    });
    expect(codeOf(psbt)).toBe('signal_missing');
  });
});

describe('fees and frame', () => {
  /** Takes from the change, which is where a thief among the miners would take it from. */
  const withFee = (fee: bigint): Psbt => {
    const spend = built();
    return forged(({ outputs }) => {
      const change = outputs[spend.change!.outputIndex]!;
      change.value = change.value + spend.fee - fee;
    }, spend);
  };

  it('refuses a fee above the cap, a rate above or below the limits, a negative fee', () => {
    const { fee } = built();
    expect(codeOf(built().psbt, { limits: { ...limits, maxFee: satoshis(fee - 1n) } })).toBe(
      'fee_out_of_limits',
    );
    expect(codeOf(withFee(fee), { limits: { ...limits, maxFee: fee } })).toBe('accepted');
    expect(codeOf(withFee(100n))).toBe('fee_out_of_limits');
    expect(codeOf(withFee(0n))).toBe('fee_out_of_limits');
    expect(codeOf(withFee(-1_000n))).toBe('fee_out_of_limits');
    const cheap = { ...limits, maxFeeRate: limits.minFeeRate };
    expect(codeOf(built().psbt, { limits: cheap })).toBe('fee_out_of_limits');
  });

  it('refuses dust', () => {
    const spend = built();
    const psbt = forged(({ outputs }) => {
      outputs[spend.change!.outputIndex]!.value = 329n;
    }, spend);
    expect(codeOf(psbt)).toBe('output_dust');
  });

  it('refuses locktimes that are dates, and transactions of another version', () => {
    const dated = forged(({ transaction }) => {
      transaction.locktime = 1_900_000_000;
    });
    expect(codeOf(dated)).toBe('locktime_refused');
    const third = forged(({ transaction }) => {
      transaction.version = 3;
    });
    expect(codeOf(third)).toBe('transaction_malformed');
  });

  it('refuses coins whose previous transaction is missing, another one, or worth something else', () => {
    const [coin] = fundingCoins(descriptor, [400_000n]);
    const [another] = fundingCoins(descriptor, [500_000n]);
    const build = (change: object) => () =>
      buildSpends({ ...spendContext(descriptor), coins: [{ ...coin!, ...change }], payments });
    expect(refusal(build({}))).toBe('accepted');
    expect(refusal(build({ previousTransaction: new Uint8Array() }))).toBe('previous_transaction_missing');
    expect(refusal(build({ previousTransaction: another!.previousTransaction }))).toBe(
      'psbt_previous_transaction_mismatch',
    );
    expect(refusal(build({ previousTransaction: Uint8Array.of(1, 2, 3) }))).toBe('transaction_malformed');
    expect(refusal(build({ value: satoshis(450_000n) }))).toBe('input_value_differs');
    expect(refusal(build({ position: { branch: 'receive', index: 9 } }))).toBe('input_foreign');
    expect(refusal(build({ outpoint: coin!.outpoint.replace(/:0$/, ':5') }))).toBe('input_foreign');
  });
});

import { describe, expect, it } from 'vitest';
import {
  addressOfScript,
  buildSpends,
  combinePsbts,
  explain,
  finalizePsbt,
  parsePsbt,
  serializePsbt,
  signPsbt,
  type KnownWallet,
  type Psbt,
} from '../../../src/bitcoin/index.ts';
import { GLOBAL, INPUT } from '../../../src/bitcoin/psbt/psbt-fields.ts';
import { partialSignatures } from '../../../src/bitcoin/psbt/psbt-input.ts';
import { PsbtMap, psbtKey } from '../../../src/bitcoin/psbt/psbt-map.ts';
import { clonePsbt } from '../../../src/bitcoin/psbt/psbt.ts';
import { ByteWriter } from '../../../src/bitcoin/transactions/byte-writer.ts';
import {
  parseUnsignedTransaction,
  serializeWithoutWitness,
} from '../../../src/bitcoin/transactions/transaction-codec.ts';
import { fixtureKey, fixtureWallet } from '../wallet-fixtures.ts';
import { foreignScript, payment, separateCoins, spendContext } from './spend-fixtures.ts';

const { descriptor, keys } = fixtureWallet('explain');
const treasury = fixtureWallet('explain treasury').descriptor;
const vault: KnownWallet = { name: 'vault', descriptor, keyNames: ['platform', 'cold', 'backup'] };
const wallets: readonly KnownWallet[] = [{ name: 'treasury', descriptor: treasury }, vault];

const [spend] = buildSpends({
  ...spendContext(descriptor, 10n),
  coins: separateCoins(descriptor, [200_000n, 300_000n]),
  payments: [payment('alice', 350_000n)],
});
const psbt = spend!.psbt;
const codesOf = (odd: Psbt, known = wallets): string[] =>
  explain(odd, known).oddities.map(({ code }) => code);

/** A changed copy, with the transaction written anew. */
function changed(change: (copy: Psbt) => void): Psbt {
  const copy = clonePsbt(psbt);
  const transaction = parseUnsignedTransaction(serializeWithoutWitness(psbt.transaction));
  const odd = { ...copy, transaction, inputs: [...copy.inputs], outputs: [...copy.outputs] };
  change(odd);
  odd.global.setType(GLOBAL.unsignedTransaction, serializeWithoutWitness(transaction));
  return parsePsbt(serializePsbt(odd));
}

describe('an explanation', () => {
  it('says who is paid, what returns, and the fee, as data', () => {
    const explanation = explain(psbt, wallets);
    const [paid] = explanation.payments;
    expect(paid).toMatchObject({
      address: addressOfScript(foreignScript('alice'), 'regtest')!.text,
      value: 350_000n,
      wallet: null,
    });
    expect(explanation).toMatchObject({
      txid: spend!.txid,
      paid: 350_000n,
      fee: spend!.fee,
      change: [{ value: spend!.change!.value, wallet: 'vault', position: { branch: 'change', index: 7 } }],
      oddities: [],
      complete: false,
    });
    expect(explanation.inputs.every(({ proven, wallet }) => proven && wallet === 'vault')).toBe(true);
    expect(explanation.feeBasisPoints).toBe(Number((spend!.fee * 10_000n) / 350_000n));
    expect(explanation.feeRateSatsPerKvb).toBeGreaterThanOrEqual(10_000n);
    expect(explanation.feeRateSatsPerKvb).toBeLessThan(10_100n);
  });

  it('says the same in plain words', () => {
    const { lines, payments, change } = explain(psbt, [vault]);
    expect(lines).toEqual([
      'Spends 2 coins of the wallet vault, worth 0.00500000 BTC.',
      `Pays 0.00350000 BTC to ${payments[0]!.address}.`,
      `Returns 0.00${spend!.change!.value.toString().padStart(6, '0')} BTC as change to ${change[0]!.address} (wallet vault, change address 7).`,
      expect.stringMatching(
        /^The fee is 0\.0000\d{4} BTC \(about 10\.0 sat\/vB, 0\.\d\d percent of what is paid\)\.$/,
      ) as string,
      `It can be mined after block ${psbt.transaction.locktime}.`,
      'Not signed by platform (wallet vault).',
      'Not signed by cold (wallet vault).',
      'Not signed by backup (wallet vault).',
      'Signatures needed: 2 of 3 for wallet vault.',
    ]);
  });

  it('counts only signatures that hold', () => {
    const once = signPsbt(psbt, keys[1]!, descriptor);
    expect(explain(once, [vault]).signers.map(({ key, signedInputs }) => [key, signedInputs])).toEqual([
      ['platform', 0],
      ['cold', 2],
      ['backup', 0],
    ]);
    const twice = combinePsbts(once, signPsbt(psbt, keys[2]!, descriptor));
    expect(explain(twice, [vault])).toMatchObject({ complete: true, oddities: [] });
    // A finalized PSBT has lost its derivations; merged with the one before it still tells who signed.
    const merged = combinePsbts(twice, finalizePsbt(twice));
    expect(explain(merged, [vault]).signers.map(({ signedInputs }) => signedInputs)).toEqual([0, 2, 2]);
  });

  it('recognises a payment to another known wallet', () => {
    const [toTreasury] = buildSpends({
      ...spendContext(treasury),
      coins: separateCoins(treasury, [900_000n]),
      payments: [payment('x', 100_000n)],
    });
    const { change } = explain(toTreasury!.psbt, wallets);
    expect(change).toMatchObject([{ wallet: 'treasury' }]);
  });
});

describe('oddities', () => {
  it('are told by code', () => {
    expect(codesOf(psbt, [])).toEqual(['input_foreign', 'output_without_address']);
    expect(codesOf(changed(({ transaction }) => (transaction.version = 1)))).toEqual([
      'transaction_version_unusual',
    ]);
    expect(codesOf(changed(({ transaction }) => (transaction.locktime = 1_900_000_000)))).toEqual([
      'locktime_is_time',
    ]);
    expect(
      codesOf(
        changed(({ transaction }) => transaction.ins.forEach((input) => (input.sequence = 0xffffffff))),
      ),
    ).toEqual(['fee_not_replaceable']);
  });

  const change = spend!.change!;

  it('tell a change output that is not proven to be ours from change', () => {
    const odd = changed(({ outputs }) => ((outputs as PsbtMap[])[change.outputIndex] = new PsbtMap()));
    const { payments, oddities } = explain(odd, wallets);
    expect(payments).toHaveLength(2);
    expect(oddities).toEqual([]);
  });

  it('ask about fees', () => {
    const withChange = (value: bigint): string[] =>
      codesOf(changed(({ transaction }) => (transaction.outs[change.outputIndex]!.value = value)));
    expect(withChange(change.value + spend!.fee + 1n)).toEqual(['outputs_exceed_inputs']);
    expect(withChange(change.value + spend!.fee - 10n)).toEqual(['fee_rate_low']);
    expect(withChange(60_000n)).toEqual(['fee_rate_high', 'fee_share_high']);
    expect(withChange(200n)).toContain('output_dust');
  });

  it('ask about values that are not there, or not proven', () => {
    const without = (...types: readonly number[]): string[] =>
      codesOf(
        changed(({ inputs }) => {
          (inputs as PsbtMap[])[0] = inputs[0]!.filter(({ key }) => !types.includes(key[0] ?? -1));
        }),
      );
    expect(without(INPUT.nonWitnessUtxo)).toEqual(['input_value_unproven']);
    expect(without(INPUT.nonWitnessUtxo, INPUT.witnessUtxo)).toEqual([
      'input_unknown',
      'input_foreign',
      'fee_unknown',
    ]);
  });

  it('ask about signatures', () => {
    const signed = signPsbt(psbt, keys[0]!, descriptor);
    const [first] = partialSignatures(signed, 0);
    const [second] = partialSignatures(signed, 1);
    const put = (key: Uint8Array, signature: Uint8Array): string[] => {
      const odd = clonePsbt(signed);
      odd.inputs[0]!.set(psbtKey(INPUT.partialSignature, key), signature);
      return codesOf(odd);
    };
    expect(put(first!.publicKey, second!.signature)).toEqual(['signature_invalid']);
    expect(put(fixtureKey('stranger').xpub.publicKey, first!.signature)).toEqual(['signature_foreign']);
    expect(put(first!.publicKey, first!.signature.with(-1, 0x83))).toEqual(['sighash_not_all']);
    const asking = changed(({ inputs }) =>
      inputs[0]!.setType(INPUT.sighashType, new ByteWriter().uint32(0x83).finish()),
    );
    expect(codesOf(asking)).toEqual(['sighash_not_all']);
  });
});

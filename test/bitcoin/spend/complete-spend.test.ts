import { describe, expect, it } from 'vitest';
import {
  buildSpends,
  checkSpend,
  combinePsbts,
  completeSpend,
  finalizePsbt,
  parsePsbt,
  parseTransaction,
  serializePsbt,
  signPsbt,
  verifySignatures,
  type BuiltSpend,
  type Psbt,
} from '../../../src/bitcoin/index.ts';
import { readWitnessStack } from '../../../src/bitcoin/psbt/finalize-psbt.ts';
import { INPUT } from '../../../src/bitcoin/psbt/psbt-fields.ts';
import { partialSignatures } from '../../../src/bitcoin/psbt/psbt-input.ts';
import { psbtKey } from '../../../src/bitcoin/psbt/psbt-map.ts';
import { clonePsbt } from '../../../src/bitcoin/psbt/psbt.ts';
import { requireSecondOpinion } from '../../../src/bitcoin/spend/second-opinion.ts';
import { ByteWriter } from '../../../src/bitcoin/transactions/byte-writer.ts';
import { witnessV0Sighashes } from '../../../src/bitcoin/transactions/sighash.ts';
import { multisigInputWeight } from '../../../src/bitcoin/transactions/sizes.ts';
import { fixtureKey, fixtureWallet } from '../wallet-fixtures.ts';
import { payment, refusal, separateCoins, spendContext } from './spend-fixtures.ts';

const { descriptor, keys } = fixtureWallet('complete');
const payments = [payment('alice', 150_000n), payment('bob', 70_000n)];
const expectation = { wallet: descriptor, payments, limits: spendContext(descriptor).limits };

function built(): BuiltSpend {
  const coins = separateCoins(descriptor, [90_000n, 80_000n, 120_000n, 60_000n]);
  const [spend] = buildSpends({ ...spendContext(descriptor), coins, payments });
  return spend!;
}

/** As cosigners do it: each from the bytes, apart from the other. */
function signed(psbt: Psbt, ...positions: readonly number[]): Psbt {
  const bytes = serializePsbt(psbt);
  return combinePsbts(
    psbt,
    ...positions.map((position) =>
      parsePsbt(serializePsbt(signPsbt(parsePsbt(bytes), keys[position]!, descriptor))),
    ),
  );
}

describe('a spend from wallet to transaction', () => {
  it.each([
    [0, 1],
    [0, 2],
    [1, 2],
  ])('is completed by the keys %i and %i', (first, second) => {
    const spend = built();
    const completed = completeSpend(signed(spend.psbt, first, second), expectation);
    expect(completed.txid).toBe(spend.txid);
    expect(completed.fee).toBe(spend.fee);
    const transaction = parseTransaction(completed.bytes);
    expect(transaction.weight()).toBe(completed.weight);
    expect(transaction.outs.map(({ value }) => value)).toEqual(
      expect.arrayContaining(payments.map(({ value }) => value)),
    );
  });

  it('weighs what was estimated, less at most one unit for each of its low-r signatures', () => {
    // Low-r signatures have 71 bytes against the bound of 72; a short r or s (1 in 128) saves one more.
    const spend = built();
    const completed = completeSpend(signed(spend.psbt, 0, 2), expectation);
    const signatures = parseTransaction(completed.bytes).ins.flatMap(({ witness }) => witness.slice(1, -1));
    const spare = signatures.reduce((sum, signature) => sum + 72 - signature.length, 0);
    expect(signatures.every(({ length }) => length <= 71)).toBe(true);
    expect(completed.weight).toBe(spend.weight - spare);
    expect(multisigInputWeight(2, 3)).toBe(418);
  });

  it('is the same to the byte every time', () => {
    const bytes = (): Uint8Array => serializePsbt(signed(built().psbt, 1, 2));
    expect(bytes()).toEqual(bytes());
  });

  it('takes two of three signatures when all three are there', () => {
    const completed = completeSpend(signed(built().psbt, 0, 1, 2), expectation);
    expect(parseTransaction(completed.bytes).ins.every(({ witness }) => witness.length === 4)).toBe(true);
  });

  it('needs two', () => {
    expect(refusal(() => completeSpend(signed(built().psbt, 0), expectation))).toBe(
      'psbt_input_not_complete',
    );
  });

  it('knows who signed', () => {
    const spend = built();
    const inputs = spend.coins.map(() => [0, 2]);
    expect(verifySignatures(signed(spend.psbt, 2, 0), descriptor)).toEqual(inputs);
    expect(verifySignatures(spend.psbt, descriptor)).toEqual(spend.coins.map(() => []));
  });
});

describe('signatures that are not what they should be', () => {
  function tampered(change: (signature: Uint8Array) => Uint8Array): Psbt {
    const psbt = clonePsbt(signed(built().psbt, 0, 1));
    const [first] = partialSignatures(psbt, 0);
    psbt.inputs[0]!.set(psbtKey(INPUT.partialSignature, first!.publicKey), change(first!.signature.slice()));
    return psbt;
  }

  it('refuses one of another input', () => {
    const psbt = signed(built().psbt, 0, 1);
    const other = partialSignatures(psbt, 1)[0]!.signature;
    expect(
      refusal(() =>
        completeSpend(
          tampered(() => other),
          expectation,
        ),
      ),
    ).toBe('signature_invalid');
    expect(
      refusal(() =>
        verifySignatures(
          tampered(() => other),
          descriptor,
        ),
      ),
    ).toBe('signature_invalid');
  });

  it('refuses another signature hash type', () => {
    const single = (signature: Uint8Array): Uint8Array => signature.with(-1, 0x03);
    expect(refusal(() => completeSpend(tampered(single), expectation))).toBe('sighash_type_refused');
    expect(refusal(() => verifySignatures(tampered(single), descriptor))).toBe('sighash_type_refused');
    expect(refusal(() => signPsbt(tampered(single), keys[2]!, descriptor))).toBe('sighash_type_refused');
  });

  it('refuses one by a key that is not of the wallet', () => {
    const psbt = clonePsbt(signed(built().psbt, 0, 1));
    const stranger = fixtureKey('stranger').xpub.publicKey;
    psbt.inputs[0]!.set(psbtKey(INPUT.partialSignature, stranger), partialSignatures(psbt, 0)[0]!.signature);
    expect(refusal(() => verifySignatures(psbt, descriptor))).toBe('signing_key_foreign');
  });

  it('does not sign with a key that is not of the wallet', () => {
    expect(refusal(() => signPsbt(built().psbt, fixtureKey('stranger'), descriptor))).toBe(
      'signing_key_foreign',
    );
  });

  it('does not sign for a wallet that the coins are not of', () => {
    const other = fixtureWallet('other');
    expect(refusal(() => signPsbt(built().psbt, other.keys[0]!, other.descriptor))).toBe('input_foreign');
  });
});

describe('inputs that somebody else finalized', () => {
  function finalizedAs(change: (witness: Uint8Array[]) => Uint8Array[], scriptSig?: Uint8Array): Psbt {
    const psbt = signed(built().psbt, 0, 1);
    const witness = readWitnessStack(finalizePsbt(psbt).inputs[0]!.get(INPUT.finalScriptWitness)!);
    const items = change(witness);
    const writer = new ByteWriter().compactSize(items.length);
    for (const item of items) writer.prefixed(item);
    const copy = clonePsbt(psbt);
    copy.inputs[0]!.setType(INPUT.finalScriptWitness, writer.finish());
    if (scriptSig !== undefined) copy.inputs[0]!.setType(INPUT.finalScriptSig, scriptSig);
    return copy;
  }
  const codeOf = (psbt: Psbt): string => refusal(() => completeSpend(psbt, expectation));

  it('are taken as they are when they are right', () => {
    expect(codeOf(finalizedAs((witness) => witness))).toBe('accepted');
  });

  it('are refused with too few signatures, too many, in the wrong order, or with another script', () => {
    const [dummy, first, second, script] = [0, 1, 2, 3];
    const pick = (...items: readonly number[]) =>
      codeOf(finalizedAs((witness) => items.map((item) => witness[item]!)));
    expect(pick(dummy, first, script)).toBe('signature_missing');
    expect(pick(dummy, first, second, second, script)).toBe('signature_missing');
    expect(pick(dummy, second, first, script)).toBe('signature_invalid');
    expect(pick(dummy, first, first, script)).toBe('signature_invalid');
    expect(pick(first, first, second, script)).toBe('signature_missing');
    expect(pick(dummy, first, second, second)).toBe('signature_missing');
    expect(pick(dummy, dummy, dummy, script)).toBe('signature_malformed');
    expect(codeOf(finalizedAs((witness) => witness, Uint8Array.of(0x51)))).toBe('second_opinion_differs');
  });
});

describe('the second opinion', () => {
  const spend = built();
  const completed = completeSpend(signed(spend.psbt, 0, 1), expectation);
  const transaction = parseTransaction(completed.bytes);
  const { inputs } = checkSpend(spend.psbt, expectation);
  const sighash = witnessV0Sighashes(transaction);
  const differing = (change: (copy: typeof transaction) => void): string => {
    const copy = parseTransaction(completed.bytes);
    change(copy);
    return refusal(() => requireSecondOpinion(completed.bytes, copy, inputs, sighash));
  };

  it('agrees on what is right', () => {
    expect(differing(() => undefined)).toBe('accepted');
  });

  it('notices when the two libraries read another transaction, weight, or signature hash', () => {
    expect(differing((copy) => (copy.outs[0]!.value += 1n))).toBe('second_opinion_differs');
    expect(differing((copy) => copy.ins[0]!.witness.pop())).toBe('second_opinion_differs');
    const wrong = (): Uint8Array => new Uint8Array(32);
    expect(refusal(() => requireSecondOpinion(completed.bytes, transaction, inputs, wrong))).toBe(
      'second_opinion_differs',
    );
    const cut = completed.bytes.subarray(0, -1);
    expect(refusal(() => requireSecondOpinion(cut, transaction, inputs, sighash))).toBe(
      'second_opinion_differs',
    );
  });
});

import { bytesToHex } from '@noble/hashes/utils.js';
import { addressOfScript } from '../addresses/address.ts';
import type { Psbt } from '../psbt/psbt.ts';
import { spentOutput } from '../psbt/psbt-input.ts';
import { witnessV0Sighashes } from '../transactions/sighash.ts';
import { multisigInputWeight, outputWeight, transactionWeight, virtualSize } from '../transactions/sizes.ts';
import { outpointOf, transactionId } from '../transactions/transaction-codec.ts';
import { explanationLines } from './explanation-lines.ts';
import type {
  ExplainedInput,
  ExplainedOutput,
  ExplainedSigner,
  Explanation,
  KnownWallet,
} from './explanation.ts';
import { findSigners } from './input-signers.ts';
import type { ReadInput } from './read-input.ts';
import { findOddities } from './oddities.ts';
import { ownedInput, ownedOutput, type OwnedInput } from './ownership.ts';

function readInputs(psbt: Psbt, wallets: readonly KnownWallet[]): ReadInput[] {
  const sighash = witnessV0Sighashes(psbt.transaction);
  return psbt.transaction.ins.map((input, index) => {
    let owner: ReadInput['owner'] = null;
    for (const wallet of wallets) {
      const owned = ownedInput(psbt, index, wallet.descriptor);
      if (owned === undefined) continue;
      owner = { wallet, owned };
      break;
    }
    const spent = owner?.owned.spent ?? spentOutput(psbt, index);
    return {
      explained: {
        outpoint: outpointOf(input),
        value: spent?.value ?? null,
        proven: spent?.proven ?? false,
        wallet: owner?.wallet.name ?? null,
        position: owner === null ? null : positionOf(owner.owned.address),
      },
      sequence: input.sequence,
      owner,
      findings: owner === null ? null : findSigners(psbt, index, owner.owned, sighash),
    };
  });
}

function positionOf({ branch, index }: OwnedInput['address']): ExplainedInput['position'] {
  return { branch, index };
}

function readOutputs(psbt: Psbt, wallets: readonly KnownWallet[]): ExplainedOutput[] {
  const network = wallets[0]?.descriptor.network;
  return psbt.transaction.outs.map(({ script, value }, outputIndex) => {
    const output = {
      outputIndex,
      address: network === undefined ? null : (addressOfScript(script, network)?.text ?? null),
      scriptHex: bytesToHex(script),
      value,
    };
    for (const { name, descriptor } of wallets) {
      const owned = ownedOutput(psbt, outputIndex, descriptor);
      if (owned !== undefined) return { ...output, wallet: name, position: positionOf(owned) };
    }
    return { ...output, wallet: null, position: null };
  });
}

function countSigners(inputs: readonly ReadInput[], wallets: readonly KnownWallet[]): ExplainedSigner[] {
  return wallets.flatMap((wallet) => {
    const own = inputs.filter(({ owner }) => owner?.wallet === wallet);
    if (own.length === 0) return [];
    return wallet.descriptor.keys.map(({ origin }, position) => ({
      wallet: wallet.name,
      key: wallet.keyNames?.[position] ?? origin.fingerprint,
      fingerprint: origin.fingerprint,
      signedInputs: own.filter(({ findings }) => findings?.signers.has(position)).length,
      inputs: own.length,
    }));
  });
}

function isComplete({ owner, findings }: ReadInput): boolean {
  return owner !== null && (findings?.signers.size ?? 0) >= owner.wallet.descriptor.threshold;
}

/** The signed size at most, when every input is of a known wallet. */
function sizeOf(psbt: Psbt, inputs: readonly ReadInput[]): number | null {
  let weight = 0;
  for (const { owner } of inputs) {
    if (owner === null) return null;
    const { threshold, keys } = owner.wallet.descriptor;
    weight += multisigInputWeight(threshold, keys.length);
  }
  const { outs } = psbt.transaction;
  const outputs = outs.reduce((sum, { script }) => sum + outputWeight(script), 0);
  return virtualSize(
    transactionWeight({ count: inputs.length, weight }, { count: outs.length, weight: outputs }),
  );
}

function feeOf(inputs: readonly ReadInput[], outputs: readonly ExplainedOutput[]): bigint | null {
  let fee = 0n;
  for (const { explained } of inputs) {
    if (explained.value === null) return null;
    fee += explained.value;
  }
  return outputs.reduce((left, { value }) => left - value, fee);
}

/**
 * Says what a PSBT does: who is paid, what returns as change, the fee, who has signed, and what is odd about it,
 * as data and in plain words. It reads the bytes and the given descriptors and nothing else, so signer, station,
 * console and browser all say the same. Ownership is what a descriptor derives, not what the PSBT claims, and
 * only signatures that were verified count. An odd PSBT is explained, not refused: to refuse is for `checkSpend`.
 * @throws BitcoinError only for what `parsePsbt` would have refused.
 */
export function explain(psbt: Psbt, wallets: readonly KnownWallet[]): Explanation {
  const inputs = readInputs(psbt, wallets);
  const outputs = readOutputs(psbt, wallets);
  const spending = new Set(inputs.flatMap(({ explained }) => explained.wallet ?? []));
  const isChange = ({ wallet, position }: ExplainedOutput): boolean =>
    wallet !== null && spending.has(wallet) && position?.branch === 'change';
  const payments = outputs.filter((output) => !isChange(output));
  const paid = payments.reduce((sum, { value }) => sum + value, 0n);
  const fee = feeOf(inputs, outputs);
  const virtualBytes = sizeOf(psbt, inputs);
  const facts = {
    txid: transactionId(psbt.transaction),
    inputs: inputs.map(({ explained }) => explained),
    payments,
    change: outputs.filter(isChange),
    paid,
    fee,
    feeBasisPoints: fee === null || paid === 0n ? null : Number((fee * 10_000n) / paid),
    feeRateSatsPerKvb: fee === null || virtualBytes === null ? null : (fee * 1000n) / BigInt(virtualBytes),
    virtualBytes,
    locktime: psbt.transaction.locktime,
    signers: countSigners(inputs, wallets),
    complete: inputs.length > 0 && inputs.every(isComplete),
  };
  const oddities = findOddities(facts, inputs, psbt.transaction);
  return { ...facts, oddities, lines: explanationLines(facts, oddities, wallets) };
}

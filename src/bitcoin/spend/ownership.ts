import { bytesToHex } from '@noble/hashes/utils.js';
import { HARDENED } from '../keys/derivation-path.ts';
import type { DerivedAddress, WalletPosition } from '../descriptors/derive-address.ts';
import type { WalletDescriptor } from '../descriptors/wallet-descriptor.ts';
import { INPUT, OUTPUT } from '../psbt/psbt-fields.ts';
import { spentOutput, type SpentOutput } from '../psbt/psbt-input.ts';
import type { PsbtMap } from '../psbt/psbt-map.ts';
import type { Psbt } from '../psbt/psbt.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { addressAt } from './derived-addresses.ts';

function readSteps(value: Uint8Array): number[] {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.length / 4 - 1 }, (_, step) => view.getUint32(4 * (step + 1), true));
}

/** Where a derivation entry says that its key stands in the wallet, if it names one of the wallet's keys. */
function positionFrom(wallet: WalletDescriptor, value: Uint8Array): WalletPosition | undefined {
  const fingerprint = bytesToHex(value.subarray(0, 4));
  const steps = readSteps(value);
  for (const { origin } of wallet.keys) {
    if (origin.fingerprint !== fingerprint || steps.length !== origin.path.length + 2) continue;
    if (!origin.path.every((step, depth) => step === steps[depth])) continue;
    const [branch = 2, index = HARDENED] = steps.slice(-2);
    if (branch > 1 || index >= HARDENED) continue;
    return { branch: branch === 0 ? 'receive' : 'change', index };
  }
  return undefined;
}

/**
 * The wallet's address behind a script, found by the derivations that a map carries. They are hints from
 * whoever wrote the PSBT: what counts is that the descriptor derives this very script there.
 */
function ownedScript(
  wallet: WalletDescriptor,
  map: PsbtMap | undefined,
  derivationType: number,
  script: Uint8Array,
): DerivedAddress | undefined {
  for (const { value } of map?.ofType(derivationType) ?? []) {
    const position = positionFrom(wallet, value);
    if (position === undefined) continue;
    const address = addressAt(wallet, position);
    return bytesEqual(address.scriptPubKey, script) ? address : undefined;
  }
  return undefined;
}

/** What an input of a PSBT spends, and the wallet's address that it comes from. */
export interface OwnedInput {
  readonly spent: SpentOutput;
  readonly address: DerivedAddress;
}

/** `undefined` when the input is not the wallet's or does not say what it spends. */
export function ownedInput(psbt: Psbt, index: number, wallet: WalletDescriptor): OwnedInput | undefined {
  const spent = spentOutput(psbt, index);
  if (spent === undefined) return undefined;
  const address = ownedScript(wallet, psbt.inputs[index], INPUT.derivation, spent.script);
  return address === undefined ? undefined : { spent, address };
}

/** `undefined` when the output does not pay to the wallet or does not say where in it. */
export function ownedOutput(psbt: Psbt, index: number, wallet: WalletDescriptor): DerivedAddress | undefined {
  const output = psbt.transaction.outs[index];
  if (output === undefined) return undefined;
  return ownedScript(wallet, psbt.outputs[index], OUTPUT.derivation, output.script);
}

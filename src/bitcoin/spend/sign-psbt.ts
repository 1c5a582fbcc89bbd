import type { WalletDescriptor } from '../descriptors/wallet-descriptor.ts';
import { branchStep } from '../descriptors/wallet-descriptor.ts';
import { BitcoinError } from '../errors.ts';
import type { AccountKey } from '../keys/account-key.ts';
import { INPUT } from '../psbt/psbt-fields.ts';
import { psbtKey } from '../psbt/psbt-map.ts';
import { clonePsbt, type Psbt } from '../psbt/psbt.ts';
import { encodeScriptSignature } from '../secp256k1/signature.ts';
import { SIGHASH_ALL, witnessV0Sighashes } from '../transactions/sighash.ts';
import { checkInput, checkSighashTypes } from './check-spend.ts';

function positionOf(wallet: WalletDescriptor, accountKey: AccountKey): number {
  const position = wallet.keys.findIndex(({ xpub }) => xpub.text === accountKey.xpub.text);
  if (position >= 0) return position;
  throw new BitcoinError('signing_key_foreign', 'This key is not one of the keys of the wallet.');
}

/**
 * Adds the signature of one cosigner to every input. Before each signature: the input is the wallet's by the
 * pinned descriptor, its value is proven by its previous transaction, only SIGHASH_ALL is asked for. The
 * signatures are deterministic (RFC 6979), low in r and s. Whether the transaction pays what it should is not
 * looked at here: `checkSpend` comes before. @throws BitcoinError `signing_key_foreign`, `input_foreign`,
 * `previous_transaction_missing`, `psbt_script_mismatch`, `signal_missing`, `sighash_type_refused`.
 */
export function signPsbt(psbt: Psbt, accountKey: AccountKey, wallet: WalletDescriptor): Psbt {
  const position = positionOf(wallet, accountKey);
  const signed = clonePsbt(psbt);
  const sighash = witnessV0Sighashes(psbt.transaction);
  signed.inputs.forEach((map, index) => {
    checkSighashTypes(psbt, index);
    const { address, spent } = checkInput(psbt, index, wallet);
    const publicKey = address.keys[position]?.publicKey;
    if (publicKey === undefined) return;
    const digest = sighash(index, address.witnessScript, spent.value);
    const signature = accountKey.signAt(branchStep(address.branch), address.index, digest);
    map.set(psbtKey(INPUT.partialSignature, publicKey), encodeScriptSignature(signature, SIGHASH_ALL));
  });
  return signed;
}

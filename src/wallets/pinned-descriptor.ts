import { parseDescriptor, type WalletDescriptor } from '../bitcoin/index.ts';
import { IntentError, verifyRegistrationReceipt } from '../intents/index.ts';
import { WalletError } from './errors.ts';
import { readRegistration } from './registration.ts';
import type { AddressParts } from './wallet-parts.ts';
import type { Tables } from './wallet-store.ts';
import type { Wallet } from './wallet.ts';

/** What is stored of the wallet is not what the signer has pinned. */
export function walletDamaged(wallet: Pick<Wallet, 'id'>, cause?: unknown): WalletError {
  return new WalletError('wallet_damaged', 'The stored wallet is not the one that was registered.', {
    details: { wallet: wallet.id },
    cause,
  });
}

/**
 * The descriptor of an open wallet, by the signer's own receipt: whoever writes to the table cannot put another in
 * its place, and so nobody is given an address that is not the institution's.
 * @throws WalletError `wallet_not_open`, `wallet_damaged`; IntentError `manifest_…`.
 */
export async function pinnedDescriptor(
  tables: Tables,
  parts: Pick<AddressParts, 'manifest'>,
  wallet: Wallet,
): Promise<WalletDescriptor> {
  const manifest = await parts.manifest();
  const { registration, receipt } = await readRegistration(tables, wallet.id);
  const isOwn =
    registration.wallet === wallet.id &&
    registration.network === wallet.network &&
    registration.plan === wallet.plan &&
    registration.customer === wallet.customerId &&
    registration.descriptor === wallet.descriptor;
  if (receipt === null || !isOwn) throw walletDamaged(wallet);
  try {
    await verifyRegistrationReceipt(receipt, registration, manifest);
  } catch (thrown) {
    if (!(thrown instanceof IntentError)) throw thrown;
    throw walletDamaged(wallet, thrown);
  }
  return parseDescriptor(registration.descriptor, registration.network);
}

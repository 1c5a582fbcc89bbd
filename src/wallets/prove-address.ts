import { recordedAfter } from '../audit/index.ts';
import { deriveAddress } from '../bitcoin/index.ts';
import { idToUuid, type Id } from '../shared/index.ts';
import { addressOf, type GivenAddress } from './addresses.ts';
import { pinnedDescriptor, walletDamaged } from './pinned-descriptor.ts';
import type { AddressParts } from './wallet-parts.ts';
import { readWallet, type Tables } from './wallet-store.ts';
import type { Wallet } from './wallet.ts';

/** An address as the signer's receipt and the audit log have it, not as its row says. */
export interface ProvenAddress extends GivenAddress {
  readonly wallet: Wallet;
}

/**
 * Whose balance an address of the treasury credits is in no descriptor. It was written into the audit log when it was
 * given out, once, and the application's login role can add to that log and change nothing in it.
 */
async function requireRecordedOwner(tables: Tables, wallet: Wallet, address: GivenAddress): Promise<void> {
  const { customerId } = address;
  if (wallet.customerId !== null) {
    if (customerId !== null && customerId !== wallet.customerId) throw walletDamaged(wallet);
    return;
  }
  if (customerId === null) return;
  const recorded = await recordedAfter(tables, address.id, 'address.create');
  const [only] = recorded as readonly ({ readonly customer?: unknown } | null)[];
  if (recorded.length !== 1 || only?.customer !== customerId) throw walletDamaged(wallet);
}

/**
 * Derives an address anew from the descriptor that the signer has pinned, and checks to whom it was given.
 * @throws WalletError `wallet_damaged` when the row says anything else; `wallet_unknown`, `wallet_not_open`.
 */
export async function proveAddress(
  tables: Tables,
  parts: Pick<AddressParts, 'manifest'>,
  id: Id<'address'>,
): Promise<ProvenAddress> {
  const row = await tables.walletAddress.findUniqueOrThrow({ where: { id: idToUuid(id) } });
  const address = addressOf(row);
  const wallet = await readWallet(tables, address.walletId);
  const derived = deriveAddress(await pinnedDescriptor(tables, parts, wallet), address.branch, address.index);
  const isSame =
    derived.address === address.address && Buffer.compare(derived.scriptPubKey, address.script) === 0;
  if (!isSame) throw walletDamaged(wallet);
  await requireRecordedOwner(tables, wallet, address);
  return { ...address, wallet };
}

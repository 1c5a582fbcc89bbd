import { idFromUuid, idToUuid, type WalletId } from '../shared/index.ts';
import { WalletError } from './errors.ts';
import type { Tables } from './wallet-store.ts';

/** The open wallet that has taken the place of one; null when none has. */
export async function replacementOf(tables: Tables, wallet: WalletId): Promise<WalletId | null> {
  const row = await tables.wallet.findFirst({
    where: { replacesId: idToUuid(wallet), state: 'open' },
    select: { id: true },
  });
  return row === null ? null : idFromUuid('wallet', row.id);
}

/** @throws WalletError `wallet_replaced`. */
export async function requireNotReplaced(tables: Tables, wallet: WalletId): Promise<void> {
  const replacement = await replacementOf(tables, wallet);
  if (replacement === null) return;
  throw new WalletError('wallet_replaced', 'The customer has moved to another wallet: use that one.', {
    details: { replacement },
  });
}

import {
  parseRegistrationReceipt,
  parseWalletRegistration,
  type RegistrationReceipt,
  type WalletRegistration,
} from '../intents/index.ts';
import { idToUuid, type WalletId } from '../shared/index.ts';
import { WalletError } from './errors.ts';
import { walletUnknown, type Tables } from './wallet-store.ts';

/** What a station pins: the registration, and the signer's word that it holds the same. */
export interface StationRegistration {
  readonly registration: WalletRegistration;
  readonly receipt: RegistrationReceipt;
}

/** @throws WalletError `wallet_unknown`, `wallet_not_open` before the descriptor is fixed. */
export async function readRegistration(
  tables: Tables,
  id: WalletId,
): Promise<{ readonly registration: WalletRegistration; readonly receipt: RegistrationReceipt | null }> {
  const row = await tables.wallet.findUnique({ where: { id: idToUuid(id) } });
  if (row === null) throw walletUnknown();
  if (row.registration === null) {
    throw new WalletError('wallet_not_open', 'The wallet has no descriptor yet.', {
      details: { state: row.state },
      retryable: true,
    });
  }
  return {
    registration: parseWalletRegistration(JSON.parse(row.registration)),
    receipt: row.receipt === null ? null : parseRegistrationReceipt(JSON.parse(row.receipt)),
  };
}

/** The file for the stations. @throws WalletError `wallet_unknown`, `wallet_not_open`, `receipt_missing`. */
export async function readStationRegistration(tables: Tables, id: WalletId): Promise<StationRegistration> {
  const { registration, receipt } = await readRegistration(tables, id);
  if (receipt === null) {
    throw new WalletError('receipt_missing', 'The signer has not registered the wallet yet.', {
      retryable: true,
    });
  }
  return { registration, receipt };
}

import { inTransaction } from '../database/index.ts';
import { appendEvent } from '../events/index.ts';
import { kitPdf, makeKit, readKit, type RecoveryKit } from '../recovery/index.ts';
import { idToUuid } from '../shared/index.ts';
import { WalletError } from './errors.ts';
import { kitEnvelopesOf } from './escrow.ts';
import { readStationRegistration } from './registration.ts';
import { record, type Cause } from './wallet-audit.ts';
import type { WalletParts } from './wallet-parts.ts';
import type { Wallet } from './wallet.ts';

type KitParts = Pick<WalletParts, 'database' | 'clock'>;

/** A kit as it is handed out: for programs, and for paper. */
export interface IssuedKit {
  readonly kit: RecoveryKit;
  readonly pdf: Buffer;
}

/** @throws WalletError `wallet_not_open`, `receipt_missing`. */
async function kitOf({ database, clock }: KitParts, wallet: Wallet): Promise<RecoveryKit> {
  const { registration, receipt } = await readStationRegistration(database, wallet.id);
  const { birthHeight } = await database.wallet.findUniqueOrThrow({
    where: { id: idToUuid(wallet.id) },
    select: { birthHeight: true },
  });
  if (wallet.state !== 'open') {
    throw new WalletError('wallet_not_open', 'The wallet is not open yet.', {
      details: { state: wallet.state },
      retryable: true,
    });
  }
  return makeKit({
    registration,
    receipt,
    label: wallet.label,
    birthHeight: birthHeight ?? 0,
    birthTime: wallet.openedAt,
    nowMs: clock.nowMs(),
    envelopes: await kitEnvelopesOf(database, wallet.id),
  });
}

/**
 * Makes the recovery kit of an open wallet, checks it as its reader will, and records that it was handed out. The
 * customer is told, since whoever has it sees every payment of the wallet.
 * @throws WalletError `wallet_not_open`, `receipt_missing`.
 */
export async function issueRecoveryKit(parts: KitParts, wallet: Wallet, cause: Cause): Promise<IssuedKit> {
  const kit = await kitOf(parts, wallet);
  const pdf = await kitPdf(await readKit(kit));
  const data = { checksum: kit.checksum };
  await inTransaction(parts.database, async (tx) => {
    await record(tx, parts.clock, cause, 'wallet.issue_recovery_kit', wallet.id, data);
    const { id: subject, customerId: customer } = wallet;
    await appendEvent(tx, { type: 'wallet.recovery_kit_issued', subject, customer, data }, parts.clock);
  });
  return { kit, pdf };
}

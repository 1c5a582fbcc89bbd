import { inTransaction } from '../database/index.ts';
import { escrowEnvelopeSchema, fromBase64Url, type EscrowEnvelope } from '../intents/index.ts';
import { keyIdOf, KeyringError, readEnvelope } from '../keyring/index.ts';
import { canonicalJson, idToUuid, parseId, type WalletId } from '../shared/index.ts';
import { WalletError } from './errors.ts';
import { readStationRegistration } from './registration.ts';
import { record, type Cause } from './wallet-audit.ts';
import type { WalletParts } from './wallet-parts.ts';
import { readWallet, type Tables } from './wallet-store.ts';

function foreign(reason: string): WalletError {
  return new WalletError('escrow_foreign', 'This is not the cold seed of this wallet in escrow.', {
    details: { reason },
  });
}

/** @throws WalletError `escrow_foreign`. */
function parseEscrow(value: unknown): EscrowEnvelope {
  const parsed = escrowEnvelopeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw foreign('it is no envelope for escrow');
}

/** What an envelope says of itself; only its recipients can tell whether that is so. @throws WalletError. */
function contextOf(blob: string) {
  try {
    return readEnvelope(Buffer.from(fromBase64Url(blob) ?? [])).context;
  } catch (thrown) {
    if (thrown instanceof KeyringError) throw foreign(thrown.message);
    throw thrown;
  }
}

/**
 * Keeps the cold seed that a station put in escrow, for the wallet's recovery kits; another one takes its place when
 * the customer has another master lock. @throws WalletError `escrow_foreign`, `wallet_unknown`, `wallet_not_open`.
 */
export async function keepEscrow(
  parts: Pick<WalletParts, 'database' | 'clock'>,
  document: unknown,
  cause: Cause,
): Promise<EscrowEnvelope> {
  const escrow = parseEscrow(document);
  const id = parseId('wallet', escrow.wallet);
  await inTransaction(parts.database, async (tx) => {
    const wallet = await readWallet(tx, id);
    const { registration } = await readStationRegistration(tx, id);
    const cold = registration.keys.find(({ statement }) => statement.role === 'cold');
    if (wallet.plan !== 'collaborative' || cold === undefined) throw foreign('the plan has none');
    const { network, keyId, role, fingerprint } = contextOf(escrow.blob);
    const isOfWallet =
      keyId === keyIdOf(cold.statement.xpub) &&
      keyId === escrow.keyId &&
      fingerprint === escrow.fingerprint &&
      network === wallet.network &&
      role === 'cold';
    if (!isOfWallet) throw foreign('it holds another key');
    await tx.wallet.update({ where: { id: idToUuid(id) }, data: { escrow: canonicalJson(escrow) } });
    const facts = { lock: escrow.lock, agent: escrow.agent };
    await record(tx, parts.clock, cause, 'wallet.keep_escrow', id, facts);
  });
  return escrow;
}

/** The wrapped keys that travel with a wallet's kit; null when there are none. */
export async function kitEnvelopesOf(tables: Tables, id: WalletId) {
  const row = await tables.wallet.findUnique({ where: { id: idToUuid(id) }, select: { escrow: true } });
  if (row === null || row.escrow === null) return null;
  const { agent, lock, fingerprint, blob } = parseEscrow(JSON.parse(row.escrow));
  const outerHolder = `the escrow agent ${agent}`;
  const innerHolder = `the customer’s master lock ${lock}`;
  return {
    version: 1 as const,
    items: [{ role: 'cold' as const, fingerprint, outerHolder, innerHolder, blob }],
  };
}

import { findIntent, requireKind, type QueueState, type StoredIntent } from '../approvals/index.ts';
import { parsePsbtBase64, transactionId } from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import {
  intentHash,
  parseIntent,
  type Intent,
  type SigningBundle,
  type TreasuryMoveIntent,
  type VerifiedBundle,
} from '../intents/index.ts';
import { canonicalJson, parseSatoshis, type JsonValue } from '../shared/index.ts';
import { checkBundle, type ExchangeParts, type SourceWallet } from '../withdrawals/index.ts';
import { TreasuryError } from './errors.ts';
import type { Move, MoveTransaction } from './move.ts';

/** A move with all that entitles it. */
export interface Entitled {
  readonly intent: TreasuryMoveIntent;
  readonly hash: string;
  readonly request: StoredIntent['request'];
  readonly approvals: StoredIntent['approvals'];
  /** Of a refill; what the system made nobody has to approve. */
  readonly queued: QueueState | null;
}

function damaged({ id }: Move): never {
  throw new TreasuryError('move_damaged', 'This move is not what was written down.', {
    details: { move: id },
  });
}

/** The row only repeats what the intent says; when they differ, somebody has written to the table. */
function requireSameWords(move: Move, { id, body }: TreasuryMoveIntent): void {
  const isMerger = body.purpose === 'consolidation';
  const same =
    id === move.intentId &&
    body.purpose === move.purpose &&
    body.wallet === move.from &&
    (isMerger ? null : body.to.wallet) === move.to &&
    (isMerger ? 0n : parseSatoshis(body.satoshis)) === move.amount;
  if (!same) damaged(move);
}

function ownIntent(move: Move, text: string): TreasuryMoveIntent {
  let intent: Intent;
  try {
    intent = parseIntent(JSON.parse(text));
  } catch {
    return damaged(move);
  }
  if (intent.kind !== 'treasury_move' || canonicalJson(intent as JsonValue) !== text) return damaged(move);
  return intent;
}

/** Reads what entitles a move from its bytes. @throws TreasuryError `move_damaged`; ApprovalError `queued_intent_…`. */
export async function entitlementOf(tx: DatabaseTransaction, move: Move): Promise<Entitled> {
  if (move.intent !== null) {
    const intent = ownIntent(move, move.intent);
    requireSameWords(move, intent);
    return { intent, hash: intentHash(intent), request: null, approvals: [], queued: null };
  }
  const stored = requireKind(await findIntent(tx, move.intentId), 'treasury_move');
  const { intent, hash, request, approvals, state } = stored;
  requireSameWords(move, intent);
  return { intent, hash, request, approvals, queued: state };
}

/** Whether it may be signed for: in time, and a refill's approvals have not become void meanwhile. */
export function isWanted({ queued, intent }: Entitled, nowMs: number): boolean {
  return nowMs < Date.parse(intent.expiresAt) && (queued === null || queued === 'approved');
}

/** The transaction of a move that was built. @throws TreasuryError `move_damaged`. */
export function builtOf(move: Move): MoveTransaction {
  const { transaction } = move;
  if (transaction === null) return damaged(move);
  for (const psbt of [transaction.psbt, transaction.cosigned]) {
    if (psbt !== null && transactionId(parsePsbtBase64(psbt).transaction) !== transaction.txid) damaged(move);
  }
  return transaction;
}

/** The wallet that a move spends. @throws TreasuryError `treasury_wallet_missing`. */
export async function sourceOf(
  { wallets }: Pick<ExchangeParts, 'wallets'>,
  tx: DatabaseTransaction,
  { from }: Move,
): Promise<SourceWallet> {
  const wallet = await wallets.wallet(tx, from);
  if (wallet !== undefined) return wallet;
  throw new TreasuryError('treasury_wallet_missing', 'The wallet to move from is not open.');
}

function bundleOf(wallet: SourceWallet, entitled: Entitled, psbt: string): SigningBundle {
  const { intent, request, approvals } = entitled;
  const intents = [{ intent, request, approvals: [...approvals] }];
  return { version: 1, wallet: wallet.id, intents, psbt };
}

/** The bundle of a move that was built, checked just as station and signers will. @throws IntentError, BitcoinError. */
export async function checkedBundle(
  parts: Pick<ExchangeParts, 'trust' | 'clock' | 'wallets'>,
  tx: DatabaseTransaction,
  move: Move,
  psbt: string,
): Promise<{
  readonly wallet: SourceWallet;
  readonly bundle: SigningBundle;
  readonly verified: VerifiedBundle;
}> {
  const wallet = await sourceOf(parts, tx, move);
  const bundle = bundleOf(wallet, await entitlementOf(tx, move), psbt);
  return { wallet, bundle, verified: await checkBundle(parts, wallet, bundle) };
}

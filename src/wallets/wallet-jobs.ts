import { BitcoinError } from '../bitcoin/index.ts';
import { inTransaction } from '../database/index.ts';
import { isSuspicious } from '../approvals/index.ts';
import { appendEvent, raiseAlert } from '../events/index.ts';
import { IntentError } from '../intents/index.ts';
import {
  describeError,
  idFromUuid,
  idToUuid,
  isDomainError,
  type CustomerId,
  type WalletId,
} from '../shared/index.ts';
import { dueNow, nextTry } from './backoff.ts';
import { openSpendingAccounts } from './ledger-accounts.ts';
import { takeOpeningStep, type OpeningParts } from './open-wallet.ts';
import { duePins } from './signing-credentials.ts';
import { record, WORKER } from './wallet-audit.ts';
import { moveWallet, readWallet } from './wallet-store.ts';
import type { Wallet } from './wallet.ts';

const AT_ONCE = 50;

/**
 * Answers that no repetition changes. What the signer refuses comes over its wire as a `DomainError` that has kept
 * nothing of its class but the code. Everything else it says, from "sealed" to "unreachable", is waited out.
 */
const FINAL_ANSWERS = new Set([
  'key_already_used',
  'wallet_registered_otherwise',
  'platform_key_foreign',
  'credentials_differ',
  'pool_key_known',
]);
/** Of registration, attestations, proofs and descriptor. */
const FINAL_KINDS =
  /^(registration|signature|descriptor|possession|extended_key|public_key)_|^key_(attestation|expression|of|origin)_/;
/** Of the manifest, not of the wallet: a newer one cures them. */
const CURABLE = new Set(['manifest_expired', 'manifest_not_signed', 'manifest_rolled_back']);

function isFinal(thrown: unknown): boolean {
  if (!isDomainError(thrown) || thrown.retryable || CURABLE.has(thrown.code)) return false;
  // Found here, by our own manifest. Of the signer's words `key_attested_by_stranger` is no end: it may not have
  // loaded the manifest that names a new station yet.
  if (thrown instanceof BitcoinError || thrown instanceof IntentError) return true;
  return FINAL_ANSWERS.has(thrown.code) || FINAL_KINDS.test(thrown.code);
}

function obstacleOf(thrown: unknown): string {
  const code = isDomainError(thrown) ? `${thrown.code}: ` : '';
  return `${code}${describeError(thrown)}`.slice(0, 500);
}

/** For good: as it was when the step was taken, else another worker was faster. */
async function fail(parts: OpeningParts, wallet: Wallet, thrown: unknown): Promise<void> {
  await inTransaction(parts.database, async (tx) => {
    const { id, state, customerId: customer } = wallet;
    const obstacle = obstacleOf(thrown);
    const next = await moveWallet(tx, wallet, 'fail', { obstacle });
    await record(tx, parts.clock, WORKER, 'wallet.fail', id, { state: next, obstacle }, { state });
    await appendEvent(tx, { type: 'wallet.failed', subject: id, customer, data: { obstacle } }, parts.clock);
    if (isDomainError(thrown) && isSuspicious(thrown.code)) {
      const { code, message: text } = thrown;
      await raiseAlert(tx, { subject: id, code, during: 'wallet.open', text }, WORKER, parts.clock);
    }
  });
}

async function postpone(parts: OpeningParts, id: WalletId, failures: number, why: string): Promise<void> {
  await parts.database.wallet.updateMany({
    where: { id: idToUuid(id), state: { in: ['requested', 'platform_key', 'registered'] } },
    data: {
      obstacle: why,
      failures: failures + 1,
      nextStepAt: nextTry(parts.clock.nowMs(), failures),
    },
  });
}

async function carryOn(parts: OpeningParts, id: WalletId, failures: number): Promise<void> {
  for (;;) {
    const wallet = await readWallet(parts.database, id);
    try {
      await takeOpeningStep(parts, wallet);
    } catch (thrown) {
      const mayFail = wallet.state === 'requested' || wallet.state === 'platform_key';
      if (mayFail && isFinal(thrown)) return fail(parts, wallet, thrown);
      return postpone(parts, id, failures, obstacleOf(thrown));
    }
    if (wallet.state === 'open' || wallet.state === 'failed') return;
  }
}

async function pinCredentials(parts: OpeningParts): Promise<number> {
  const due = await duePins(parts, AT_ONCE);
  for (const { id, pin, failures } of due) {
    const credentialId = idToUuid(id);
    try {
      await parts.signer.pinCredential(pin);
      await inTransaction(parts.database, async (tx) => {
        const pinnedAt = new Date(parts.clock.nowMs());
        await tx.signingCredential.update({ where: { credentialId }, data: { pinnedAt } });
        await record(tx, parts.clock, WORKER, 'credential.pin', id, { customer: pin.statement.customer });
      });
    } catch (thrown) {
      const nextStepAt = nextTry(parts.clock.nowMs(), failures);
      await parts.database.signingCredential.update({
        where: { credentialId },
        data: { failures: failures + 1, nextStepAt },
      });
      if (!isDomainError(thrown)) throw thrown;
    }
  }
  return due.length;
}

/** Customers without accounts for spending: they get theirs before anybody pays them. */
async function openAccounts(parts: OpeningParts): Promise<number> {
  const rows = await parts.database.customer.findMany({
    where: { spending: null },
    select: { id: true },
    take: AT_ONCE,
  });
  const customers: CustomerId[] = rows.map(({ id }) => idFromUuid('customer', id));
  await openSpendingAccounts(parts.ledger, customers);
  const openedAt = new Date(parts.clock.nowMs());
  await parts.database.spendingAccount.createMany({
    data: rows.map(({ id }) => ({ customerId: id, openedAt })),
    skipDuplicates: true,
  });
  return rows.length;
}

/**
 * Does what wallets wait for: pins credentials, opens spending accounts, opens wallets. Several workers may run; a
 * step taken twice is taken once. @returns how many were looked at; more may be due when it is not zero.
 */
export async function stepWallets(parts: OpeningParts): Promise<number> {
  let count = (await pinCredentials(parts)) + (await openAccounts(parts));
  const due = await parts.database.wallet.findMany({
    where: {
      state: { in: ['requested', 'platform_key', 'registered'] },
      ...dueNow(parts.clock.nowMs()),
    },
    orderBy: { nextStepAt: 'asc' },
    take: AT_ONCE,
    select: { id: true, failures: true },
  });
  for (const { id, failures } of due) await carryOn(parts, idFromUuid('wallet', id), failures);
  count += due.length;
  return count;
}

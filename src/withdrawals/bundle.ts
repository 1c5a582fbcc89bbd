import {
  DEFAULT_SPEND_LIMITS,
  parseAddress,
  parsePsbtBase64,
  transactionId,
  type SpendExpectation,
} from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { countingApprovals } from '../approvals/index.ts';
import {
  askingCustomer,
  descriptorHash,
  feeBearerOf,
  jointFeeCap,
  withdrawalIntentOf,
  type Intent,
  type Manifest,
  type SigningBundle,
} from '../intents/index.ts';
import { feeRateFromSatsPerKvb, parseSatoshis, type WalletId } from '../shared/index.ts';
import { verifyBundle, type VerifiedBundle } from '../intents/index.ts';
import { WithdrawalError } from './errors.ts';
import { abandonmentsOf, type PayoutTransaction } from './payout-store.ts';
import type { SourceWallet, WalletsPort } from './ports.ts';
import type { Member, RequestParts } from './withdrawal-parts.ts';
import { requireSameWords } from './withdrawal-store.ts';

/**
 * The wallet that intents name, with the descriptor that they were signed for.
 * @throws WithdrawalError `withdrawal_source_missing`, `withdrawal_damaged`.
 */
export async function sourceOf(
  parts: { readonly wallets: Pick<WalletsPort, 'wallet'> },
  tx: DatabaseTransaction,
  id: WalletId,
  members: readonly Member[],
): Promise<SourceWallet> {
  const wallet = await parts.wallets.wallet(tx, id);
  if (wallet === undefined) {
    throw new WithdrawalError('withdrawal_source_missing', 'The wallet to pay from is not open.');
  }
  for (const { withdrawal, stored } of members) {
    requireSameWords(withdrawal, stored);
    if (withdrawalIntentOf(stored.intent).body.descriptorHash !== descriptorHash(wallet.descriptor)) {
      throw new WithdrawalError('withdrawal_damaged', 'The wallet is not the one that was approved.', {
        details: { withdrawal: withdrawal.id },
      });
    }
  }
  return wallet;
}

/** What the transaction of some intents must be; the signer's limits, and a fee of which each can bear its share. */
export function expectationOf(
  wallet: SourceWallet,
  stored: readonly Intent[],
  manifest: Manifest,
): SpendExpectation {
  const intents = stored.map(withdrawalIntentOf);
  const approved = jointFeeCap(intents.map((intent) => feeBearerOf(intent, manifest.network)));
  const institution = parseSatoshis(manifest.limits.maxFeeSatoshis);
  return {
    wallet: wallet.descriptor,
    payments: intents.flatMap(({ body }) =>
      body.payments.map(({ address, satoshis }) => ({
        scriptPubKey: parseAddress(address, manifest.network).scriptPubKey,
        value: parseSatoshis(satoshis),
      })),
    ),
    limits: {
      ...DEFAULT_SPEND_LIMITS,
      maxFeeRate: feeRateFromSatsPerKvb(BigInt(manifest.limits.maxFeeRateSatsPerKvb)),
      maxFee: approved < institution ? approved : institution,
    },
  };
}

/**
 * A transaction in the tables is the one that was built for its payout, whatever else it pays.
 * @throws WithdrawalError `withdrawal_damaged`; BitcoinError for a PSBT that is none.
 */
export function requireOwnTransaction({
  txid,
  psbt,
  cosigned,
}: Pick<PayoutTransaction, 'txid' | 'psbt' | 'cosigned'>): void {
  for (const stored of [psbt, cosigned]) {
    if (stored === null || transactionId(parsePsbtBase64(stored).transaction) === txid) continue;
    throw new WithdrawalError('withdrawal_damaged', 'The transaction is not the one that was built.', {
      details: { txid },
    });
  }
}

/** The PSBTs of a bundle. */
interface WholePayout {
  readonly psbt: string;
  readonly parent: string | undefined;
  readonly variants?: readonly string[];
}

/** A PSBT with all that entitles it, from our own records: what others sent along is never handed on. */
export async function bundleOf(
  tx: DatabaseTransaction,
  wallet: SourceWallet,
  members: readonly Member[],
  { psbt, parent, variants = [] }: WholePayout,
  manifest: Manifest,
  nowMs: number,
): Promise<SigningBundle> {
  const intents: SigningBundle['intents'] = [];
  for (const { stored } of members) {
    const { request } = stored;
    const intent = withdrawalIntentOf(stored.intent);
    const approvals = await countingApprovals(intent, stored.approvals, manifest, nowMs);
    intents.push({ intent, request, approvals: [...approvals] });
  }
  const abandoned = await abandonmentsOf(
    tx,
    members.map(({ withdrawal }) => withdrawal.id),
  );
  return {
    ...{ version: 1, wallet: wallet.id, intents, psbt },
    ...(parent === undefined ? {} : { parent }),
    ...(variants.length === 0 ? {} : { variants: [...variants] }),
    ...(abandoned.length === 0 ? {} : { abandoned }),
  };
}

/** Checks a bundle just as station and signer will, so that what they would refuse fails here. @throws IntentError, BitcoinError. */
export async function checkBundle(
  parts: Pick<RequestParts, 'trust' | 'clock'>,
  wallet: SourceWallet,
  bundle: SigningBundle,
): Promise<VerifiedBundle> {
  const { trust, clock } = parts;
  const credentials = new Map<string, Awaited<ReturnType<typeof trust.credentialsOf>>>();
  for (const { intent } of bundle.intents) {
    const customer = askingCustomer(intent);
    if (customer !== undefined && !credentials.has(customer))
      credentials.set(customer, await trust.credentialsOf(customer));
  }
  const manifest = await trust.manifest();
  const known = { id: wallet.id, name: wallet.name, customer: wallet.customer };
  return await verifyBundle(
    bundle,
    {
      manifest,
      wallet: { ...known, descriptor: wallet.descriptor, keyNames: wallet.keyNames },
      credentialsOf: (customer) => credentials.get(customer) ?? new Map(),
    },
    clock.nowMs(),
  );
}

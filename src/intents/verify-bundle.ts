import {
  checkSpend,
  DEFAULT_SPEND_LIMITS,
  explain,
  outpointOf,
  parsePsbtBase64,
  type CheckedSpend,
  type Explanation,
  type Psbt,
  type SpendExpectation,
  type SpendLimits,
  type WalletDescriptor,
} from '../bitcoin/index.ts';
import {
  addSatoshis,
  feeRateFromSatsPerKvb,
  parseSatoshis,
  ZERO_SATOSHIS,
  type Satoshis,
} from '../shared/index.ts';
import { requesterKeys, verifyApprovals, verifyRequest } from './approval.ts';
import { checkChild } from './check-child.ts';
import { checkVariants, type VerifiedVariant } from './check-variants.ts';
import { descriptorHash } from './descriptor-hash.ts';
import { IntentError } from './errors.ts';
import type { SpendIntent } from './intent-contract.ts';
import { checkIntentCurrent, intentHash, parseIntent } from './intent.ts';
import { amountAtStake, askingCustomer, quorumOf, spendRulesOf } from './kinds/index.ts';
import type { Manifest } from './manifest-contract.ts';
import { checkManifestCurrent } from './manifest.ts';
import type { PublicKey } from './signature-contract.ts';
import { signingBundleSchema, type EntitledIntent, type SigningBundle } from './signing-bundle-contract.ts';
import { feeBearerOf, shareFee } from './share-fee.ts';

/** What the verifier itself has pinned; nothing of it comes with the bundle. */
export interface BundleTrust {
  readonly manifest: Manifest;
  readonly wallet: {
    readonly id: string;
    readonly name: string;
    /** Null for the institution's own wallets, which pay spending balances out. */
    readonly customer: string | null;
    readonly descriptor: WalletDescriptor;
    /** Cosigner role of each key, in the descriptor's order. */
    readonly keyNames: readonly string[];
  };
  /** The pinned credentials of a customer, by credential id; empty for a stranger. */
  readonly credentialsOf: (customer: string) => ReadonlyMap<string, PublicKey>;
}

/** A bundle of which every word was checked. */
export interface VerifiedBundle {
  readonly psbt: Psbt;
  readonly intents: readonly {
    readonly intent: SpendIntent;
    readonly hash: string;
    readonly approvedBy: readonly string[];
    /** What it bears of the fee. */
    readonly feeShare: Satoshis;
  }[];
  /** What the transaction must be; it passes this again when it is complete. */
  readonly expectation: SpendExpectation;
  readonly spend: CheckedSpend;
  /** Of a child that pays for its parent: the parent, which pays the intents. Null for what pays them itself. */
  readonly parent: {
    readonly txid: string;
    readonly fee: Satoshis;
    readonly outpoints: readonly string[];
  } | null;
  /** What both pay in fees, or it alone. */
  readonly fee: Satoshis;
  readonly explanation: Explanation;
  /** The same payout at higher fees, each dearer than the one before; none with a child. */
  readonly variants: readonly VerifiedVariant[];
  /** What the intents pay together, without fee. */
  readonly paid: Satoshis;
}

/** @throws IntentError `bundle_malformed`. */
export function parseSigningBundle(value: unknown): SigningBundle {
  const parsed = signingBundleSchema.safeParse(value);
  if (!parsed.success) {
    throw new IntentError('bundle_malformed', 'This is not a bundle to sign.', {
      details: {
        path: parsed.error.issues[0]?.path.join('.') ?? '',
        reason: parsed.error.issues[0]?.message ?? '',
      },
    });
  }
  return parsed.data;
}

function checkSource(intent: SpendIntent, bundle: SigningBundle, wallet: BundleTrust['wallet']): void {
  const source = spendRulesOf(intent).source(intent);
  const isWallet = source.wallet === wallet.id && bundle.wallet === wallet.id;
  const isWhole = isWallet && source.owner === wallet.customer;
  if (!isWhole || source.descriptorHash !== descriptorHash(wallet.descriptor)) {
    throw new IntentError('bundle_for_another_wallet', 'The intent is for another wallet.', {
      details: { intent: intent.id, wallet: source.wallet },
    });
  }
}

type EntitledBy = Omit<VerifiedBundle['intents'][number], 'feeShare'>;

/** Says of which intent it is, so that whoever sent several can go on without this one. */
function naming(intent: string, thrown: unknown): unknown {
  if (!(thrown instanceof IntentError)) return thrown;
  const { code, message, details, retryable } = thrown;
  return new IntentError(code, message, { details: { ...details, intent }, retryable, cause: thrown });
}

async function verifyEach(
  bundle: SigningBundle,
  trust: BundleTrust,
  nowMs: number,
): Promise<readonly EntitledBy[]> {
  const intents: EntitledBy[] = [];
  for (const entitled of bundle.intents) {
    try {
      intents.push(await verifyEntitled(entitled, bundle, trust, nowMs));
    } catch (thrown) {
      throw naming(entitled.intent.id, thrown);
    }
  }
  if (new Set(intents.map(({ intent }) => intent.id)).size !== intents.length) {
    throw new IntentError('bundle_malformed', 'One intent is listed twice.');
  }
  const kinds = new Set(intents.map(({ intent }) => intent.kind));
  if (kinds.size > 1 || (intents.length > 1 && intents.some(({ intent }) => !spendRulesOf(intent).shares))) {
    throw new IntentError('bundle_malformed', 'These intents may not share a transaction.', {
      details: { kinds: [...kinds] },
    });
  }
  return intents;
}

/** Nobody bears more of the fee than was approved for them, however much others may. @throws IntentError `fee_share_exceeded`. */
function sharesOf(
  fee: Satoshis,
  intents: readonly EntitledBy[],
  { network }: Manifest,
): VerifiedBundle['intents'] {
  const bearers = intents.map(({ intent }) => feeBearerOf(intent, network));
  const shares = shareFee(fee, bearers);
  return intents.map((entitled, index) => {
    const feeShare = shares[index] ?? ZERO_SATOSHIS;
    const cap = bearers[index]?.cap ?? ZERO_SATOSHIS;
    if (feeShare <= cap) return { ...entitled, feeShare };
    throw new IntentError('fee_share_exceeded', 'An intent would bear more of the fee than it allows.', {
      details: { intent: entitled.intent.id, shareSats: feeShare.toString(), capSats: cap.toString() },
    });
  });
}

/**
 * Whoever asks has signed: the customer by a pinned credential, staff by their key of the manifest. What the system
 * makes by itself nobody signs.
 */
async function checkRequest(
  { intent, request, approvals }: EntitledIntent,
  { manifest, credentialsOf }: BundleTrust,
  nowMs: number,
): Promise<void> {
  if (quorumOf(intent) === 'none') {
    if (request === null && approvals.length === 0) return;
    throw new IntentError('bundle_malformed', 'The system makes this by itself: nobody signs for it.');
  }
  if (request === null) {
    throw new IntentError('request_not_signed_by_customer', 'Whoever asks for this has not signed it.');
  }
  const customer = askingCustomer(intent);
  const credentials = customer === undefined ? new Map<string, PublicKey>() : credentialsOf(customer);
  await verifyRequest(intent, request, requesterKeys(intent, manifest, credentials), nowMs);
}

async function verifyEntitled(
  entitled: EntitledIntent,
  bundle: SigningBundle,
  trust: BundleTrust,
  nowMs: number,
): Promise<EntitledBy> {
  const { manifest, wallet } = trust;
  const { intent } = entitled;
  parseIntent(intent);
  checkIntentCurrent(intent, manifest.network, nowMs);
  checkSource(intent, bundle, wallet);
  spendRulesOf(intent).admit?.(intent, manifest);
  await checkRequest(entitled, trust, nowMs);
  const { people } = await verifyApprovals(intent, entitled.approvals, manifest, nowMs);
  const limit = parseSatoshis(manifest.limits.maxWithdrawalSatoshis);
  if (amountAtStake(intent) > limit) {
    throw new IntentError('limit_exceeded', 'The withdrawal exceeds the limit of the manifest.', {
      details: { intent: intent.id, limit: limit.toString() },
    });
  }
  return { intent, hash: intentHash(intent), approvedBy: people };
}

/** An intent that names its coins is carried out with them and no others. */
function checkCoins(psbt: Psbt, intents: readonly SpendIntent[]): void {
  const spent = psbt.transaction.ins.map(outpointOf).sort().join();
  for (const intent of intents) {
    const named = spendRulesOf(intent).coins?.(intent);
    if (named === undefined || [...named].sort().join() === spent) continue;
    throw new IntentError('coins_differ', 'The transaction spends other coins than the intent names.', {
      details: { intent: intent.id },
    });
  }
}

/** The approved fees together cap the fee, and so do the manifest's own limits. */
function limitsOf(intents: readonly SpendIntent[], manifest: Manifest): SpendLimits {
  const approved = addSatoshis(...intents.map((intent) => spendRulesOf(intent).maxFee(intent)));
  const institution = parseSatoshis(manifest.limits.maxFeeSatoshis);
  return {
    ...DEFAULT_SPEND_LIMITS,
    maxFeeRate: feeRateFromSatsPerKvb(BigInt(manifest.limits.maxFeeRateSatsPerKvb)),
    maxFee: approved < institution ? approved : institution,
  };
}

/** @throws IntentError `variant_malformed`, `bundle_malformed`; BitcoinError of `checkSpend`. */
function variantsOf(
  { variants = [], parent }: SigningBundle,
  first: Pick<VerifiedBundle, 'psbt' | 'spend'>,
  expectation: SpendExpectation,
  wallet: BundleTrust['wallet'],
): readonly VerifiedVariant[] {
  if (variants.length > 0 && parent !== undefined) {
    throw new IntentError('bundle_malformed', 'A child has no variants.');
  }
  return checkVariants(variants, first, expectation, wallet);
}

/**
 * Checks a bundle from its bytes and from what the verifier has pinned, and nothing else: every intent is current,
 * for this wallet, asked for by whoever may and approved by enough people; the transaction pays exactly what
 * the intents say together, returns the rest to this wallet, and pays no more fee than was approved, for any of them.
 * @throws IntentError, BitcoinError: the first thing that is wrong, by its code.
 */
export async function verifyBundle(
  bundle: SigningBundle,
  trust: BundleTrust,
  nowMs: number,
): Promise<VerifiedBundle> {
  const { manifest, wallet } = trust;
  checkManifestCurrent(manifest, nowMs);
  const intents = await verifyEach(bundle, trust, nowMs);
  const plain = intents.map(({ intent }) => intent);
  const psbt = parsePsbtBase64(bundle.psbt);
  const expectation: SpendExpectation = {
    wallet: wallet.descriptor,
    payments: plain.flatMap((intent) => spendRulesOf(intent).outputs(intent, manifest.network)),
    limits: limitsOf(plain, manifest),
  };
  checkCoins(bundle.parent === undefined ? psbt : parsePsbtBase64(bundle.parent), plain);
  const checked =
    bundle.parent === undefined
      ? { expectation, spend: checkSpend(psbt, expectation), parent: null }
      : checkChild(psbt, parsePsbtBase64(bundle.parent), expectation);
  const { spend, parent } = checked;
  const fee = addSatoshis(spend.fee, parent?.fee ?? ZERO_SATOSHIS);
  const variants = variantsOf(bundle, { psbt, spend }, expectation, wallet);
  for (const variant of variants) sharesOf(variant.spend.fee, intents, manifest);
  return {
    ...checked,
    psbt,
    fee,
    intents: sharesOf(fee, intents, manifest),
    explanation: explain(psbt, [wallet]),
    variants,
    paid: addSatoshis(...expectation.payments.map(({ value }) => value)),
  };
}

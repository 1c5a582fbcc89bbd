import {
  completeSpend,
  outpointOf,
  parseDescriptor,
  parsePsbtBase64,
  psbtToBase64,
  signPsbt,
  transactionId,
  verifySignatures,
  type WalletDescriptor,
} from '../bitcoin/index.ts';
import {
  amountAtStake,
  askingCustomer,
  intentHash,
  stopsOf,
  verifyBundle,
  type BundleTrust,
  type RefillAllowance,
  type SigningBundle,
  type SigningReceipt,
  type VerifiedBundle,
  type WalletRegistration,
} from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { crashPoint } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { SignerError } from './errors.ts';
import { requireRefillAllowed } from './allow-refill.ts';
import { hotFlowOf } from './hot-level.ts';
import { requireInStep } from './in-step.ts';
import { requireManifest } from './manifest-store.ts';
import { journalHead } from './journal.ts';
import { receiptOf } from './signing-receipt.ts';
import { requireClock } from './require-clock.ts';
import { requireUncloned } from './passkey-uses.ts';
import { recordSpend } from './record-spend.ts';
import { approvalsCountFrom } from './seal-and-resume.ts';
import {
  requireApprovedSince,
  requireApprovedSinceRelease,
  requireUnrestricted,
} from './require-unrestricted.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { requireOthers, requireTurn, type Turn } from './signing-order.ts';
import {
  abandonedAt,
  addRelease,
  intentSetHash,
  recordedSpend,
  releasedAnswer,
  revokedAmong,
  type ReleasedAnswer,
} from './spend-store.ts';
import { credentialsOf, pinnedWallet, type PinnedWallet } from './wallet-store.ts';

type Tx = Parameters<typeof requireManifest>[0];

async function requireWallet(tx: Tx, id: string): Promise<PinnedWallet> {
  const wallet = await pinnedWallet(tx, id);
  if (wallet !== undefined) return wallet;
  throw new SignerError('wallet_unknown', 'No such wallet is pinned here.', { details: { wallet: id } });
}

/** What this signer trusts about a bundle: all of it from its own record. */
async function trustFor(
  tx: Tx,
  bundle: SigningBundle,
): Promise<BundleTrust & { readonly registration: WalletRegistration }> {
  const manifest = await requireManifest(tx);
  const { registration } = await requireWallet(tx, bundle.wallet);
  const credentials = new Map<string, Awaited<ReturnType<typeof credentialsOf>>>();
  for (const { intent } of bundle.intents) {
    const customer = askingCustomer(intent);
    if (customer !== undefined) credentials.set(customer, await credentialsOf(tx, customer));
  }
  return {
    manifest,
    registration,
    wallet: {
      id: registration.wallet,
      name: `${registration.plan} wallet ${registration.wallet}`,
      customer: registration.customer,
      descriptor: parseDescriptor(registration.descriptor, registration.network),
      keyNames: registration.keys.map((key) => key.statement.role),
    },
    credentialsOf: (customer) => credentials.get(customer) ?? new Map<string, never>(),
  };
}

async function requireNotAbandoned(tx: Tx, txid: string): Promise<void> {
  if ((await abandonedAt(tx, txid)) === undefined) return;
  throw new SignerError('transaction_abandoned', 'The transaction was given up and is never signed.', {
    details: { txid },
  });
}

function requireNotStopped(tx: Queryable, { intents }: SigningBundle): Promise<void> {
  const stops = intents.map(({ intent }) => stopsOf(intent));
  return requireUnrestricted(tx, {
    customers: stops.flatMap(({ customers }) => customers),
    breaker: stops.some(({ breaker }) => breaker),
  });
}

async function requireNotRevoked(tx: Tx, intentHashes: readonly string[]): Promise<void> {
  const [revoked] = await revokedAmong(tx, intentHashes);
  if (revoked === undefined) return;
  throw new SignerError('intent_revoked', 'The intent was revoked and is never signed.', {
    details: { intentHash: revoked },
  });
}

/** The answer of before for the same transaction and intents, when only the answer was lost. */
async function earlierAnswer(
  parts: SignerParts,
  txid: string,
  intentHashes: readonly string[],
): Promise<ReleasedAnswer | undefined> {
  const spend = await recordedSpend(parts.pool, txid);
  if (spend?.intentSet !== intentSetHash(intentHashes)) return undefined;
  return releasedAnswer(parts.pool, txid);
}

/** How it was asked for. */
interface Asked {
  readonly turn: Turn;
  /** Of the second signer, for a refill. */
  readonly allowance?: RefillAllowance | undefined;
}

interface Prepared {
  readonly verified: VerifiedBundle;
  readonly receipt: SigningReceipt;
  readonly txid: string;
  readonly wallet: WalletDescriptor;
  readonly counter: number;
}

/** Checks everything and writes down what is about to be signed. Nothing has touched a key yet. */
function checkAndRecord(
  parts: SignerParts,
  bundle: SigningBundle,
  hashes: readonly string[],
  asked: Asked,
): Promise<Prepared> {
  return exclusively(parts.pool, async (tx) => {
    await requireNotRevoked(tx, hashes);
    await requireNotStopped(tx, bundle);
    const trust = await trustFor(tx, bundle);
    requireTurn(parts.role, trust.registration, asked.turn);
    const nowMs = parts.clock.nowMs();
    await requireClock(tx, (await journalHead(tx)).epoch, nowMs);
    const verified = await verifyBundle(bundle, trust, nowMs);
    requireApprovedSince(bundle, await approvalsCountFrom(tx));
    await requireApprovedSinceRelease(tx, bundle);
    await requireUncloned(tx, bundle.intents, trust, nowMs);
    if (asked.turn === 'last')
      requireOthers(parts.role, trust.registration, trust.wallet.descriptor, verified.psbt);
    const txid = transactionId(verified.psbt.transaction);
    await requireNotAbandoned(tx, txid);
    await requireRefillAllowed(tx, bundle, trust.manifest, asked.allowance, nowMs);
    const { parent } = verified;
    const spent = verified.psbt.transaction.ins.map(outpointOf);
    const counter = await recordSpend(tx, parts, trust.manifest, {
      txid,
      wallet: bundle.wallet,
      intents: verified.intents.map(({ intent, hash }) => ({
        hash,
        customer: stopsOf(intent).customers[0] ?? null,
        pastBreaker: !stopsOf(intent).breaker,
        satoshis: amountAtStake(intent),
      })),
      outpoints: parent?.outpoints ?? spent,
      fee: verified.fee,
      flows: verified.intents.flatMap(({ intent }) => hotFlowOf(intent, trust.manifest) ?? []),
      child: parent === null ? null : { parent: parent.txid, outpoint: spent[0] ?? '' },
    });
    crashPoint('signer.spend_written');
    const receipt = receiptOf(parts, bundle, trust, { txid, nowMs });
    return { verified, receipt, txid, wallet: trust.wallet.descriptor, counter };
  });
}

/** Uses the key; of whoever signs first the other one completes what comes out, and checks it as it is then. */
async function signRecorded(
  parts: SignerParts,
  bundle: SigningBundle,
  prepared: Prepared,
  turn: Turn,
): Promise<ReleasedAnswer> {
  const { verified, receipt, wallet, txid, counter } = prepared;
  const psbt = await parts.keys.use(bundle.wallet, (key) => signPsbt(verified.psbt, key, wallet));
  if (turn === 'first') {
    verifySignatures(psbt, wallet);
    return { psbt: psbtToBase64(psbt), txid, feeSatoshis: verified.fee.toString(), counter, receipt };
  }
  const completed = completeSpend(psbt, verified.expectation);
  return {
    psbt: psbtToBase64(psbt),
    transaction: Buffer.from(completed.bytes).toString('hex'),
    txid,
    feeSatoshis: completed.fee.toString(),
    virtualBytes: completed.virtualBytes,
    counter,
    receipt,
  };
}

/** The answer is written down before it leaves, unless the intent was revoked or its customer restricted meanwhile. */
function release(
  parts: SignerParts,
  answer: ReleasedAnswer,
  hashes: readonly string[],
  bundle: SigningBundle,
): Promise<ReleasedAnswer> {
  const { wallet } = bundle;
  return exclusively(parts.pool, async (tx) => {
    await requireNotRevoked(tx, hashes);
    await requireNotAbandoned(tx, answer.txid);
    await requireNotStopped(tx, bundle);
    const earlier = await releasedAnswer(tx, answer.txid);
    if (earlier !== undefined) return earlier;
    const atMs = parts.clock.nowMs();
    await addRelease(tx, answer, atMs);
    const { txid, feeSatoshis, counter } = answer;
    await addAlert(tx, {
      atMs,
      kind: 'signed',
      method: 'transaction' in answer ? 'sign' : 'cosign',
      text: `Signed ${txid} out of ${wallet}${'transaction' in answer ? '' : ', first of two signers'}.`,
      details: { txid, wallet, feeSatoshis, counter, intents: [...hashes] },
    });
    return answer;
  });
}

async function signInTurn(parts: SignerParts, bundle: SigningBundle, asked: Asked): Promise<ReleasedAnswer> {
  // Whoever set up no manifest learns so first, with or without a witness.
  await requireManifest(parts.pool);
  await requireInStep(parts);
  const hashes = bundle.intents.map(({ intent }) => intentHash(intent));
  const txid = transactionId(parsePsbtBase64(bundle.psbt).transaction);
  const earlier = await earlierAnswer(parts, txid, hashes);
  if (earlier !== undefined) {
    await requireNotRevoked(parts.pool, hashes);
    // What was signed first may have been given up since, by whoever was to complete it.
    await requireNotAbandoned(parts.pool, txid);
    await requireNotStopped(parts.pool, bundle);
    return earlier;
  }
  const prepared = await checkAndRecord(parts, bundle, hashes, asked);
  crashPoint('signer.spend_recorded');
  await requireInStep(parts);
  crashPoint('signer.witnessed');
  const answer = await signRecorded(parts, bundle, prepared, asked.turn);
  crashPoint('signer.signed');
  const released = await release(parts, answer, hashes, bundle);
  crashPoint('signer.released');
  return released;
}

/**
 * Checks a bundle from its bytes and this signer's own record, records what it is about to do, has the witness
 * countersign, and signs last. A lost answer is repeated as it was.
 * @throws IntentError and BitcoinError of the bundle; SignerError `signer_sealed`, `manifest_missing`,
 * `account_restricted`, `approval_before_release`, `wallet_unknown`, `signing_order_wrong`,
 * `cosigner_signature_missing`, `intent_revoked`, `intent_consumed`, `outpoint_promised`,
 * `transaction_abandoned`, `replacement_not_higher`, `daily_limit_exceeded`, `approval_before_resume`, `platform_key_missing`,
 * `witness_out_of_reach`.
 */
export async function signBundle(
  parts: SignerParts,
  { bundle, allowance }: SignerParameters<'sign'>,
): Promise<SignerAnswer<'sign'>> {
  const answer = await signInTurn(parts, bundle, { turn: 'last', allowance });
  if ('transaction' in answer) return answer;
  throw new SignerError('signing_order_wrong', 'This signer has signed it first, and does not complete it.');
}

/**
 * The same for a wallet that two signers spend, where this one signs first: nobody else's signature is asked for, and
 * what comes out is no transaction yet. @throws as `signBundle`.
 */
export async function cosignBundle(
  parts: SignerParts,
  { bundle }: SignerParameters<'cosign'>,
): Promise<SignerAnswer<'cosign'>> {
  const answer = await signInTurn(parts, bundle, { turn: 'first' });
  if (!('transaction' in answer)) return answer;
  throw new SignerError('signing_order_wrong', 'This signer has signed it last.');
}

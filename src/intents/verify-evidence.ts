import { checkFinished, parseTransaction, transactionId, type WalletDescriptor } from '../bitcoin/index.ts';
import { requesterKeys, verifyApprovals, verifyRequest } from './approval.ts';
import { bundleTrust } from './cosign.ts';
import { withdrawalEvidenceSchema, type WithdrawalEvidence } from './evidence-contract.ts';
import { EvidenceError, link, refuseEvidence } from './evidence-error.ts';
import { checkIntentCurrent, intentHash, parseIntent } from './intent.ts';
import { askingCustomer } from './kinds/index.ts';
import type { Manifest } from './manifest-contract.ts';
import { policyDocumentHash } from './policy-document.ts';
import { manifestHash } from './manifest.ts';
import { verifyRegistrationReceipt } from './registration-receipt.ts';
import { verifySigningReceipt } from './signing-receipt.ts';
import type { PublicKey } from './signature-contract.ts';
import { verifyBundle, type VerifiedBundle } from './verify-bundle.ts';
import { completingSigner, verifyWalletRegistration } from './wallet-registration.ts';

/** What an auditor brings along; nothing of it comes with the evidence. */
export interface EvidenceTrust {
  /** Every manifest from the first on, each followed from the one before. */
  readonly manifests: readonly Manifest[];
  /** Which withdrawal it should be evidence of. */
  readonly withdrawal?: string;
  /** The transaction as a node of the auditor's own has it. */
  readonly transaction?: Uint8Array;
}

/** Evidence of which every link holds. */
export interface VerifiedEvidence {
  readonly evidence: WithdrawalEvidence;
  /** The manifest by which the signer checked. */
  readonly manifest: Manifest;
  readonly verified: VerifiedBundle;
  /** Under which version of the policy each intent was written and approved, in the bundle's order. */
  readonly policyVersions: readonly number[];
  readonly checkedAtMs: number;
}

/** @throws EvidenceError `evidence_malformed`. */
export function parseWithdrawalEvidence(value: unknown): WithdrawalEvidence {
  const parsed = withdrawalEvidenceSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new EvidenceError('evidence_malformed', 'This is not the evidence of a withdrawal.', {
    details: {
      path: parsed.error.issues[0]?.path.join('.') ?? '',
      reason: parsed.error.issues[0]?.message ?? '',
    },
  });
}

function manifestOf(manifests: readonly Manifest[], { signed }: WithdrawalEvidence): Manifest {
  const { number, hash } = signed.statement.manifest;
  const manifest = manifests.find((entry) => entry.number === number);
  if (manifest === undefined) {
    refuseEvidence(
      'evidence_manifest_wrong',
      `Manifest ${number}, by which it was signed, is not among these.`,
    );
  }
  if (manifestHash(manifest) !== hash) {
    refuseEvidence('evidence_manifest_wrong', `It was signed by another manifest ${number} than this.`);
  }
  return manifest;
}

/** The pinned wallet. */
async function checkWallet(
  { wallet }: WithdrawalEvidence,
  manifests: readonly Manifest[],
): Promise<WalletDescriptor> {
  const { registration, receipt } = wallet;
  const registeredBy = manifests.find(({ number }): boolean => number === receipt.statement.manifest);
  if (registeredBy === undefined) {
    refuseEvidence(
      'evidence_manifest_wrong',
      'The manifest by which the wallet was registered is not among these.',
    );
  }
  return await link('evidence_wallet_wrong', async () => {
    const descriptor = await verifyWalletRegistration(registration, registeredBy);
    await verifyRegistrationReceipt(receipt, registration, registeredBy);
    return descriptor;
  });
}

/** The signer's word is its own, and is about this bundle. */
async function checkReceipt(evidence: WithdrawalEvidence, manifest: Manifest): Promise<void> {
  const { signed, bundle, txid, wallet } = evidence;
  await link('evidence_receipt_wrong', () =>
    verifySigningReceipt(signed, manifest, completingSigner(wallet.registration.plan)),
  );
  const { statement } = signed;
  if (statement.txid !== txid)
    refuseEvidence('evidence_txid_wrong', 'The signer signed another transaction.');
  if (statement.network !== manifest.network || statement.wallet !== bundle.wallet) {
    refuseEvidence('evidence_receipt_wrong', 'The signer’s word is about another wallet.');
  }
  if (evidence.wallet.registration.wallet !== bundle.wallet) {
    refuseEvidence('evidence_wallet_wrong', 'The registration is of another wallet.');
  }
}

/** The very intents that the signer checked, current at that time, this withdrawal's among them. */
async function checkIntents(
  { bundle, signed, intentHash: own }: WithdrawalEvidence,
  manifest: Manifest,
  checkedAtMs: number,
): Promise<void> {
  await link('evidence_intent_wrong', () => {
    for (const { intent } of bundle.intents) {
      checkIntentCurrent(parseIntent(intent), manifest.network, checkedAtMs);
    }
  });
  const hashes = bundle.intents.map(({ intent }) => intentHash(intent));
  const checked = signed.statement.intents.map(({ hash }) => hash);
  if (hashes.join() !== checked.join()) {
    refuseEvidence('evidence_intent_wrong', 'The intents are not those that the signer checked.');
  }
  if (!hashes.includes(own)) {
    refuseEvidence('evidence_intent_wrong', 'The withdrawal’s own intent is not among them.');
  }
}

/** Every intent was asked for by its customer, by the credential that the signer had pinned. */
async function checkRequests(
  evidence: WithdrawalEvidence,
  manifest: Manifest,
  checkedAtMs: number,
): Promise<void> {
  const { bundle, signed, wallet } = evidence;
  for (const [index, { intent, request }] of bundle.intents.entries()) {
    const { credential = '', publicKey } = signed.statement.intents[index]?.requestedBy ?? {};
    if (request === null || publicKey === undefined) {
      refuseEvidence('evidence_request_wrong', 'The customer’s signature is missing.');
    }
    const pinned = new Map<string, PublicKey>([[credential, publicKey]]);
    for (const known of wallet.registration.credentials) {
      if (askingCustomer(intent) === wallet.registration.customer) pinned.set(known.id, known.publicKey);
    }
    const keys = requesterKeys(intent, manifest, pinned);
    await link('evidence_request_wrong', () => verifyRequest(intent, request, keys, checkedAtMs));
  }
}

/** The text of the policy is the one that customers and approvers have signed with the intent. */
function checkPolicies({ bundle, policies }: WithdrawalEvidence): void {
  for (const { intent } of bundle.intents) {
    const named = policies.find(({ number }) => number === intent.policyVersion);
    if (named === undefined) {
      refuseEvidence('evidence_policy_wrong', `Version ${intent.policyVersion} of the policy is missing.`);
    }
    if (intent.policyHash !== policyDocumentHash(named.document)) {
      refuseEvidence(
        'evidence_policy_wrong',
        `Version ${named.number} of the policy is not the text that ${intent.id} names.`,
      );
    }
  }
}

function trustOf(evidence: WithdrawalEvidence, manifest: Manifest, descriptor: WalletDescriptor) {
  const { bundle, signed, wallet } = evidence;
  const { registration } = wallet;
  const credentialsOf = (customer: string): ReadonlyMap<string, PublicKey> =>
    new Map(
      bundle.intents.flatMap(({ intent }, index) => {
        const by = signed.statement.intents[index]?.requestedBy;
        const isTheirs = askingCustomer(intent) === customer && by !== undefined && by !== null;
        return isTheirs ? [[by.credential, by.publicKey]] : [];
      }),
    );
  return bundleTrust({ registration, descriptor }, manifest, credentialsOf);
}

async function checkTransaction(
  { transaction, txid }: WithdrawalEvidence,
  { psbt, expectation }: VerifiedBundle,
  seen: Uint8Array | undefined,
): Promise<void> {
  const bytes = Buffer.from(transaction, 'hex');
  const stated = await link('evidence_transaction_wrong', () => transactionId(parseTransaction(bytes)));
  if (stated !== txid) refuseEvidence('evidence_txid_wrong', 'The transaction has another txid.');
  await link('evidence_transaction_wrong', () => checkFinished(bytes, psbt, expectation));
  if (seen === undefined) return;
  const onChain = await link('evidence_transaction_wrong', () => transactionId(parseTransaction(seen)));
  if (onChain !== txid) refuseEvidence('evidence_txid_wrong', 'The transaction of the chain is another one.');
}

/**
 * Checks the whole chain of a withdrawal without a network: manifest → wallet → the customer's intent and signature →
 * approvals → policy version and its text → PSBT → transaction → txid. Every intent of a shared transaction is checked
 * alike. How the policy came into force, `verifyPolicies` of `src/policy` says.
 * @throws EvidenceError: the first link that does not hold.
 */
export async function verifyWithdrawalEvidence(
  value: unknown,
  { manifests, withdrawal, transaction }: EvidenceTrust,
): Promise<VerifiedEvidence> {
  const evidence = parseWithdrawalEvidence(value);
  if (withdrawal !== undefined && evidence.withdrawal !== withdrawal) {
    refuseEvidence('evidence_of_another_withdrawal', `This is the evidence of ${evidence.withdrawal}.`);
  }
  const manifest = manifestOf(manifests, evidence);
  const descriptor = await checkWallet(evidence, manifests);
  await checkReceipt(evidence, manifest);
  const { bundle } = evidence;
  const checkedAtMs = Date.parse(evidence.signed.statement.checkedAt);
  await checkIntents(evidence, manifest, checkedAtMs);
  await checkRequests(evidence, manifest, checkedAtMs);
  for (const { intent, approvals } of bundle.intents) {
    await link('evidence_approvals_wrong', () => verifyApprovals(intent, approvals, manifest, checkedAtMs));
  }
  checkPolicies(evidence);
  const verified = await link('evidence_psbt_wrong', () =>
    verifyBundle(bundle, trustOf(evidence, manifest, descriptor), checkedAtMs),
  );
  await checkTransaction(evidence, verified, transaction);
  const policyVersions = bundle.intents.map(({ intent }) => intent.policyVersion);
  return { evidence, manifest, verified, policyVersions, checkedAtMs };
}

import {
  descriptorHash,
  intentHash,
  refillAllowanceDigest,
  spendRulesOf,
  verifyRefillAllowance,
  type Manifest,
  type RefillAllowance,
  type SigningBundle,
} from '../intents/index.ts';
import { parseDescriptor } from '../bitcoin/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { isoTime } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { requireEntitledStaff } from './entitled-staff.ts';
import { SignerError } from './errors.ts';
import { addHotFlow, hotFlowOf, requireWithinCap } from './hot-level.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { requireManifest } from './manifest-store.ts';
import { attest, attestationKeyOf } from './platform-keys.ts';
import { requireNoBreaker } from './breaker.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { revokedAmong } from './spend-store.ts';
import { pinnedWallet } from './wallet-store.ts';

type Refill = SignerParameters<'allowRefill'>;

/** The hot wallet of the manifest is one that is pinned here. */
async function requirePinnedHot(tx: PoolClient, { intent }: Refill, manifest: Manifest): Promise<void> {
  const { body } = intent;
  const wallet = body.purpose === 'refill' ? await pinnedWallet(tx, body.to.wallet) : undefined;
  if (wallet !== undefined) {
    const { descriptor, network } = wallet.registration;
    if (descriptorHash(parseDescriptor(descriptor, network)) === manifest.treasury?.hot) return;
  }
  throw new SignerError('wallet_unknown', 'This is no refill of the hot wallet that is pinned here.');
}

function answer({ network, identity }: SignerParts, hash: string, atMs: number): SignerAnswer<'allowRefill'> {
  const statement: RefillAllowance['statement'] = {
    purpose: 'refill allowed',
    network,
    intentHash: hash,
    allowedAt: isoTime(atMs),
  };
  const signature = attest(identity, refillAllowanceDigest(statement));
  return { allowance: { statement, attestedBy: attestationKeyOf(identity), signature } };
}

/**
 * The second signer's word on a refill, in which it has no key: people have approved it by this signer's own manifest,
 * and the hot wallet stays within its cap by what is stated and by its own record. May be repeated.
 * @throws IntentError of the intent and its signatures, `hot_cap_exceeded`; SignerError `wallet_unknown`,
 * `intent_revoked`, `breaker_tripped`, `signer_sealed`, `approval_before_resume`.
 */
export async function allowRefill(parts: SignerParts, refill: Refill): Promise<SignerAnswer<'allowRefill'>> {
  await requireInStep(parts);
  const hash = intentHash(refill.intent);
  const atMs = await exclusively(parts.pool, async (tx) => {
    const manifest = await requireManifest(tx);
    const nowMs = parts.clock.nowMs();
    if ((await revokedAmong(tx, [hash])).length > 0)
      throw new SignerError('intent_revoked', 'The intent was revoked.', { details: { intentHash: hash } });
    await requireNoBreaker(tx);
    await requirePinnedHot(tx, refill, manifest);
    spendRulesOf(refill.intent).admit?.(refill.intent, manifest);
    await requireEntitledStaff(parts, tx, refill);
    await requireWithinCap(tx, refill.intent, manifest, nowMs);
    const flow = hotFlowOf(refill.intent, manifest);
    if (flow === undefined || (await isKnown(tx, hash))) return nowMs;
    await addHotFlow(tx, flow, nowMs);
    const subject = { intentHash: hash, satoshis: flow.satoshis.toString() };
    await appendEntry(tx, parts.identity, { kind: 'refill', subject, atMs: nowMs });
    const text = 'Allowed a refill of the hot wallet.';
    await addAlert(tx, { atMs: nowMs, kind: 'signed', method: 'allowRefill', text, details: subject });
    return nowMs;
  });
  await tellWitness(parts);
  return answer(parts, hash, atMs);
}

async function isKnown(tx: PoolClient, hash: string): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT FROM signer.hot_flow WHERE intent_hash = $1', [hash]);
  return rowCount !== 0;
}

/**
 * Whoever completes a refill, from a wallet that a station cosigns, asks for the other signer's word where there is one,
 * and counts by its own record. @throws IntentError `refill_not_allowed`, `hot_cap_exceeded`, `signature_…`.
 */
export async function requireRefillAllowed(
  tx: PoolClient,
  { intents }: SigningBundle,
  manifest: Manifest,
  allowance: RefillAllowance | undefined,
  nowMs: number,
): Promise<void> {
  for (const { intent } of intents) {
    if (!('purpose' in intent.body) || intent.body.purpose !== 'refill') continue;
    await requireWithinCap(tx, intent, manifest, nowMs);
    if (manifest.attestationKeys.platform_b === undefined) continue;
    await verifyRefillAllowance(allowance, intentHash(intent), manifest);
  }
}

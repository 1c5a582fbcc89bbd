import { feeRateFromSatsPerKvb, formatBitcoin, formatFeeRate } from '../shared/index.ts';
import { askingCustomer, quorumOf, spendRulesOf } from './kinds/index.ts';
import type { Manifest } from './manifest-contract.ts';
import type { EntitledIntent, SigningBundle } from './signing-bundle-contract.ts';
import type { VerifiedBundle } from './verify-bundle.ts';

function personOf(manifest: Manifest, approver: string): string {
  const entry = manifest.approvers.find(({ id }) => id === approver);
  return entry === undefined
    ? `${approver}, whom the manifest does not know`
    : `${entry.person} (${entry.role})`;
}

/** An intent as it is written, whether or not anything of it is true. */
export function describeEntitled({ intent, approvals }: EntitledIntent, manifest: Manifest): string[] {
  return [
    ...spendRulesOf(intent).asWritten(intent),
    ...approvals.map(
      ({ statement }) =>
        `  ${statement.decision === 'approve' ? 'approved' : 'REJECTED'} by ${personOf(manifest, statement.approver)} at ${statement.signedAt}`,
    ),
  ];
}

/** What each bears of a fee that several share. */
function shareLines({ intents }: VerifiedBundle): string[] {
  if (intents.length === 1) return [];
  return intents.map(({ intent, feeShare }) => `Of the fee, ${intent.id} bears ${feeShare} satoshis.`);
}

/** What else is signed with it: only the fee is another. */
function variantLines({ variants }: VerifiedBundle): string[] {
  if (variants.length === 0) return [];
  return [
    `With it ${variants.length === 1 ? 'one dearer variant is' : `${variants.length} dearer variants are`} signed: the same payments out of the same coins, so that only one of all can ever confirm.`,
    ...variants.map(({ spend: { fee, change }, explanation: { txid, feeRateSatsPerKvb } }) => {
      const rate = feeRateSatsPerKvb ?? 0n;
      const about = `about ${formatFeeRate(feeRateFromSatsPerKvb(rate - (rate % 100n)))} sat/vB`;
      const rest = change === null ? 'nothing returns' : `${formatBitcoin(change.value)} returns as change`;
      return `  ${txid}: the fee is ${formatBitcoin(fee)} (${about}), and ${rest}.`;
    }),
  ];
}

/** An intent that ends sooner may have ended when the platform comes to sign. */
const SOON_MS = 3_600_000;

/** What is allowed and still worth a question. */
function unusual({ intents, paid }: VerifiedBundle, manifest: Manifest, nowMs: number): string[] {
  const soon = intents.filter(({ intent }) => Date.parse(intent.expiresAt) - nowMs < SOON_MS);
  const limit = BigInt(manifest.limits.maxWithdrawalSatoshis);
  return [
    ...soon.map(
      ({ intent }) => `Attention: intent ${intent.id} expires at ${intent.expiresAt}, within the hour.`,
    ),
    ...(2n * paid > limit ? ['Attention: this is more than half of what the manifest allows at once.'] : []),
  ];
}

/** What entitles it, as it was found. */
function entitlement({ intents }: VerifiedBundle): string {
  if (intents.every(({ intent }) => quorumOf(intent) === 'none'))
    return 'The system made it by itself, as the officers’ manifest lets it';
  const isAskedByCustomers = intents.every(({ intent }) => askingCustomer(intent) !== undefined);
  return `Every intent is signed by ${isAskedByCustomers ? 'its customer' : 'whoever asks'} and approved by enough people`;
}

/**
 * A checked bundle in plain words: what the transaction does, and what entitles it. The same words at the station, in
 * the customer's terminal and in the browser.
 */
export function describeVerified(
  bundle: SigningBundle,
  verified: VerifiedBundle,
  manifest: Manifest,
  nowMs: number,
): string[] {
  return [
    ...verified.explanation.lines,
    ...bundle.intents.flatMap((entitled) => describeEntitled(entitled, manifest)),
    ...shareLines(verified),
    ...variantLines(verified),
    ...unusual(verified, manifest, nowMs),
    verified.parent === null
      ? `${entitlement(verified)}; the transaction pays just that.`
      : `It pays nobody: it pays the miners for ${verified.parent.txid}, which pays just what was asked for and approved, within the approved fees.`,
  ];
}

import { explain, parsePsbtBase64 } from '../bitcoin/index.ts';
import type { EntitledIntent, Manifest, SigningBundle, VerifiedBundle } from '../intents/index.ts';
import { describeError, isDomainError } from '../shared/index.ts';
import { manifestInForce } from './manifests.ts';
import { checkBundle } from './sign-bundle.ts';
import type { Station } from './station.ts';
import { pinnedWallet } from './wallets.ts';

/** What an officer reads before signing, or why there is nothing to sign. */
export interface BundleReport {
  readonly lines: readonly string[];
  /** Why the station refuses the bundle; null when it would sign it. */
  readonly refusal: { readonly code: string; readonly text: string } | null;
}

function personOf(manifest: Manifest, approver: string): string {
  const entry = manifest.approvers.find(({ id }) => id === approver);
  return entry === undefined
    ? `${approver}, whom the manifest does not know`
    : `${entry.person} (${entry.role})`;
}

/** The intents as they are written, whether or not anything of it is true. */
function intentLines({ intent, approvals }: EntitledIntent, manifest: Manifest): string[] {
  const { body } = intent;
  return [
    `Intent ${intent.id}: ${intent.kind} of ${body.customer} from the ${body.balance} balance, asked for by ${intent.requester}.`,
    ...body.payments.map(({ address, satoshis }) => `  to pay ${satoshis} satoshis to ${address}`),
    `  for a fee of at most ${body.maxFeeSatoshis} satoshis, until ${intent.expiresAt}`,
    ...(body.memo === undefined ? [] : [`  with the note “${body.memo}”, which proves nothing`]),
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

/** A checked bundle in plain words: what the transaction does, and what entitles it. */
export function describeVerified(
  bundle: SigningBundle,
  verified: VerifiedBundle,
  manifest: Manifest,
  nowMs: number,
): string[] {
  return [
    ...verified.explanation.lines,
    ...bundle.intents.flatMap((entitled) => intentLines(entitled, manifest)),
    ...shareLines(verified),
    ...unusual(verified, manifest, nowMs),
    verified.parent === null
      ? 'Every intent is signed by its customer and approved by enough people; the transaction pays just that.'
      : `It pays nobody: it pays the miners for ${verified.parent.txid}, which pays just what was asked for and approved, within the approved fees.`,
  ];
}

/** The same of a bundle that was refused: what can be told of it, and nothing that vouches for it. */
async function describeRefused(station: Station, bundle: SigningBundle): Promise<string[]> {
  const lines: string[] = [];
  try {
    const { descriptor } = await pinnedWallet(station, bundle.wallet);
    lines.push(...explain(parsePsbtBase64(bundle.psbt), [{ name: bundle.wallet, descriptor }]).lines);
  } catch (thrown) {
    lines.push(`The transaction cannot be explained: ${describeError(thrown)}`);
  }
  const manifest = await manifestInForce(station);
  return [...lines, ...bundle.intents.flatMap((entitled) => intentLines(entitled, manifest))];
}

/** Says in plain words what a bundle does and whether the station would sign it. Opens no key. */
export async function inspectBundle(
  station: Station,
  bundle: SigningBundle,
  nowMs: number,
): Promise<BundleReport> {
  try {
    const { verified } = await checkBundle(station, bundle, nowMs);
    const lines = describeVerified(bundle, verified, await manifestInForce(station), nowMs);
    return { lines, refusal: null };
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    const lines = await describeRefused(station, bundle);
    return { lines, refusal: { code: thrown.code, text: thrown.message } };
  }
}

import { explain, parsePsbtBase64 } from '../bitcoin/index.ts';
import { describeEntitled, describeVerified, type SigningBundle } from '../intents/index.ts';
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
  return [...lines, ...bundle.intents.flatMap((entitled) => describeEntitled(entitled, manifest))];
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

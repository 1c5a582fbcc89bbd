import { acceptManifest, manifestHash, parseSignedManifest, type Manifest } from '../intents/index.ts';
import { addAlert } from './alert-store.ts';
import { SignerError } from './errors.ts';
import { tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { addManifest, manifestInForce } from './manifest-store.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

function answerFor(manifest: Manifest): SignerAnswer<'loadManifest'> {
  return { number: manifest.number, hash: manifestHash(manifest), expiresAt: manifest.expiresAt };
}

/**
 * Loads the manifest that follows the one in force, signed by the officers of the one in force; the first by its
 * pinned hash. Allowed while sealed, since a restored signer needs the manifests that it missed.
 * @throws IntentError `manifest_…`, `signature_…`; SignerError `manifest_not_pinned`.
 */
export async function loadManifest(
  parts: SignerParts,
  { signedManifest }: SignerParameters<'loadManifest'>,
): Promise<SignerAnswer<'loadManifest'>> {
  const signed = parseSignedManifest(signedManifest);
  const manifest = await exclusively(parts.pool, async (tx) => {
    const inForce = await manifestInForce(tx);
    if (inForce !== undefined && manifestHash(inForce) === manifestHash(signed.manifest)) return inForce;
    if (inForce === undefined && parts.firstManifestHash === undefined) {
      throw new SignerError('manifest_not_pinned', 'The hash of the first manifest was not set up here.');
    }
    const trusted = inForce ?? { pinnedFirstHash: parts.firstManifestHash ?? '' };
    const next = await acceptManifest(trusted, signed, parts.network);
    const atMs = parts.clock.nowMs();
    await addManifest(tx, signed, atMs);
    const { number, hash } = answerFor(next);
    await appendEntry(tx, parts.identity, { kind: 'manifest', subject: { number, hash }, atMs });
    const text = `Manifest ${number} is in force.`;
    await addAlert(tx, { atMs, kind: 'manifest', method: 'loadManifest', text, details: { number, hash } });
    return next;
  });
  await tellWitness(parts);
  return answerFor(manifest);
}

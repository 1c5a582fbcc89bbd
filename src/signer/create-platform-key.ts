import { crashPoint } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { SignerError } from './errors.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { addPlatformKey, platformKeyOf } from './wallet-store.ts';

/**
 * Makes the platform key of a wallet: a random key in an erasable slot, a copy wrapped to the offline masters at
 * every backup site and read back, and only then the answer. The same wallet gets the same key.
 * @throws SignerError `network_differs`, `masters_missing`, `backup_failed`, `signer_sealed`.
 */
export async function createPlatformKey(
  parts: SignerParts,
  { wallet, network }: SignerParameters<'createPlatformKey'>,
): Promise<SignerAnswer<'createPlatformKey'>> {
  if (network !== parts.network) {
    throw new SignerError('network_differs', `This signer works on ${parts.network}, not on ${network}.`);
  }
  await requireInStep(parts);
  const made = await platformKeyOf(parts.pool, wallet);
  if (made !== undefined) return { attestation: made };
  const attestation = await parts.keys.make(wallet);
  crashPoint('signer.key_made');
  const answer = await exclusively(parts.pool, async (tx) => {
    const earlier = await platformKeyOf(tx, wallet);
    if (earlier !== undefined) return earlier;
    const atMs = parts.clock.nowMs();
    const { xpub, origin } = attestation.statement;
    await appendEntry(tx, parts.identity, { kind: 'key', subject: { wallet, xpub, origin }, atMs });
    await addPlatformKey(tx, wallet, attestation, atMs);
    const text = `Made the platform key of ${wallet}.`;
    await addAlert(tx, { atMs, kind: 'key', method: 'createPlatformKey', text, details: { wallet, origin } });
    return attestation;
  });
  crashPoint('signer.key_recorded');
  await tellWitness(parts);
  return { attestation: answer };
}

import {
  combinePsbts,
  parsePsbtBase64,
  psbtToBase64,
  serializePsbt,
  transactionId,
  verifySignatures,
  type Psbt,
} from '../bitcoin/index.ts';
import type { KeyAttestation, SigningBundle } from '../intents/index.ts';
import { isOwnDeviceKey } from './device-keys.ts';
import { StationError } from './errors.ts';
import { manifestInForce } from './manifests.ts';
import { noteOccasion, requireOccasion, type CheckedBundle, type SigningOccasion } from './sign-bundle.ts';
import { noteSigned, requireNotSignedOtherwise } from './signed-intents.ts';
import type { Station } from './station.ts';

async function deviceKeyOf(station: Station, { wallet, bundle }: CheckedBundle): Promise<KeyAttestation> {
  for (const key of wallet.registration.keys)
    if (key.statement.role === station.role && (await isOwnDeviceKey(station, key))) return key;
  throw new StationError(
    'own_key_missing',
    'No key of this wallet is in a hardware wallet of this station.',
    {
      details: { wallet: bundle.wallet },
    },
  );
}

/**
 * Whether a checked bundle may be carried to the hardware wallet of this station: it holds a key of the wallet, and
 * nothing that could confirm beside this was signed for its intents, and nobody concerned is frozen.
 * @throws StationError `own_key_missing`, `intent_signed_otherwise`, as `requireOccasion`.
 */
export async function requireForDevice(
  station: Station,
  checked: CheckedBundle,
  occasion: SigningOccasion,
): Promise<void> {
  await deviceKeyOf(station, checked);
  await requireOccasion(station, checked, occasion);
  await requireNotSignedOtherwise(station, checked.bundle, checked.verified, await manifestInForce(station));
}

/**
 * The PSBT of a checked bundle as a device reads it, without anything of ours. From here on it counts as signed,
 * since nobody sees what the device does.
 */
export async function psbtForDevice(
  station: Station,
  checked: CheckedBundle,
  occasion: SigningOccasion,
): Promise<Uint8Array> {
  await requireForDevice(station, checked, occasion);
  await noteOccasion(station, checked, occasion);
  await noteSigned(station, checked.verified);
  return serializePsbt(parsePsbtBase64(checked.bundle.psbt));
}

/**
 * The bundle with what the device has signed. Of its PSBT nothing but signatures is taken, and the device’s key must
 * have signed every input. @throws StationError `own_key_missing`, `device_signature_missing`; BitcoinError
 * `psbt_not_combinable`, `signature_…`.
 */
export async function bundleFromDevice(
  station: Station,
  checked: CheckedBundle,
  theirs: Psbt,
): Promise<SigningBundle> {
  const key = await deviceKeyOf(station, checked);
  const { bundle, wallet } = checked;
  const ours = parsePsbtBase64(bundle.psbt);
  if (transactionId(ours.transaction) !== transactionId(theirs.transaction)) {
    throw new StationError('device_signature_missing', 'The device has signed another transaction.');
  }
  const merged = combinePsbts(ours, theirs);
  const position = wallet.descriptor.keys.findIndex(({ xpub }) => xpub.text === key.statement.xpub);
  const inputs = verifySignatures(merged, wallet.descriptor);
  if (!inputs.every((signers) => signers.includes(position))) {
    throw new StationError('device_signature_missing', 'The device has not signed every input.');
  }
  return { ...bundle, psbt: psbtToBase64(merged) };
}

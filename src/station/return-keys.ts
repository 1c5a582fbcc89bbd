import { join } from 'node:path';
import { toBase64Url, verifyKeyTransport, type KeyTransport, type ReturnedKey } from '../intents/index.ts';
import {
  keyIdOf,
  masterPublicKeyFrom,
  MAX_ENVELOPE_BYTES,
  openEnvelope,
  readRegularFile,
  sealForTransport,
  type MasterPrivateKey,
  type MasterPublicKey,
  type Masters,
} from '../keyring/index.ts';
import { StationError } from './errors.ts';
import { manifestInForce } from './manifests.ts';
import { accountKeyOf } from './pool.ts';
import type { Station } from './station.ts';
import { pinnedWallet } from './wallets.ts';

type WantedKey = KeyTransport['statement']['keys'][number];

/** What a signer asks officers to bring back, checked by what this station has accepted. */
export interface KeyReturn {
  readonly statement: KeyTransport['statement'];
  readonly recipient: MasterPublicKey;
}

async function requireOwn(station: Station, customer: string, { wallet, xpub }: WantedKey): Promise<void> {
  const { registration } = await pinnedWallet(station, wallet);
  const isKey = registration.keys.some(
    ({ statement }) => statement.role === 'platform' && statement.xpub === xpub,
  );
  if (registration.customer === customer && isKey) return;
  throw new StationError('key_not_of_wallet', `${wallet} of ${customer} is pinned here with another key.`);
}

/**
 * Checks a signer's request for the keys of a deep freeze: by a signer of the manifest in force, and for platform
 * keys of wallets that are pinned here as this customer's.
 * @throws IntentError `transport_…`, `signature_…`; StationError `key_not_of_wallet`, `wallet_not_registered`.
 */
export async function checkKeyTransport(station: Station, document: unknown): Promise<KeyReturn> {
  const statement = await verifyKeyTransport(document, await manifestInForce(station));
  for (const key of statement.keys) await requireOwn(station, statement.customer, key);
  return { statement, recipient: masterPublicKeyFrom(Buffer.from(statement.spki, 'base64url')) };
}

/**
 * Opens the wrapped platform keys of a site with both masters and seals each to the signer that asked; none touches a
 * disk in the clear. @throws StationError `seed_does_not_fit`; KeyringError `envelope_…`, `file_…`.
 */
export async function returnKeys(
  station: Station,
  { statement, recipient }: KeyReturn,
  site: string,
  masters: Masters<MasterPrivateKey>,
): Promise<readonly ReturnedKey[]> {
  const { network, restriction } = statement;
  const returned: ReturnedKey[] = [];
  for (const { wallet, xpub, origin } of statement.keys) {
    const keyId = keyIdOf(xpub);
    const context = { keyId, role: 'platform', fingerprint: origin.slice(1, 9), network };
    const path = join(site, `platform-${keyId}.envelope`);
    const blob = await readRegularFile(path, { maxBytes: MAX_ENVELOPE_BYTES });
    const entropy = openEnvelope(blob, context, masters);
    try {
      const key = accountKeyOf(entropy, station.network);
      key.erase();
      if (key.xpub.text !== xpub) {
        throw new StationError('seed_does_not_fit', 'What the envelope holds is not the key of the wallet.');
      }
      const envelope = toBase64Url(sealForTransport(entropy, context, recipient));
      returned.push({ purpose: 'returned key', restriction, wallet, envelope });
    } finally {
      entropy.fill(0);
    }
  }
  return returned;
}

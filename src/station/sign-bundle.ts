import { join } from 'node:path';
import { psbtToBase64, signPsbt, type Psbt } from '../bitcoin/index.ts';
import {
  askingCustomer,
  bundleTrust,
  verifyBundle,
  type KeyAttestation,
  type SigningBundle,
  type VerifiedBundle,
} from '../intents/index.ts';
import {
  KeyringError,
  MAX_ENVELOPE_BYTES,
  openEnvelope,
  readEnvelope,
  readRegularFile,
  type MasterPrivateKey,
  type Masters,
} from '../keyring/index.ts';
import { addSatoshis, crashPoint, type Satoshis } from '../shared/index.ts';
import { credentialsFor } from './credentials.ts';
import { noteDisaster, requireReason } from './disaster-log.ts';
import { StationError } from './errors.ts';
import { requireUnfrozen, txidsOf } from './freeze-status.ts';
import { manifestInForce } from './manifests.ts';
import { envelopeContext, envelopeName } from './pool-records.ts';
import { accountKeyOf } from './pool.ts';
import { noteSigned, requireNotSignedOtherwise } from './signed-intents.ts';
import type { Station } from './station.ts';
import { pinnedWallet, type PinnedWallet } from './wallets.ts';

/** A bundle that was checked against everything that the station has pinned, and may be signed. */
export interface CheckedBundle {
  readonly bundle: SigningBundle;
  readonly wallet: PinnedWallet;
  readonly verified: VerifiedBundle;
}

/** When it is signed, by the station's clock. */
export interface SigningOccasion {
  readonly nowMs: number;
  /** In words, why it is signed without asking whose accounts are frozen; it is noted for good. */
  readonly disaster?: string | undefined;
}

/** A checked bundle of a wallet that this station has a key of. */
export interface SignableBundle extends CheckedBundle {
  readonly ownKey: KeyAttestation;
  readonly occasion: SigningOccasion;
}

/** The most that leaves the wallet: payments and fee, with a child those of its parent too, with variants the dearest. */
export function amountLeaving({ paid, fee, variants }: VerifiedBundle): Satoshis {
  return addSatoshis(paid, variants.at(-1)?.spend.fee ?? fee);
}

const CONFIRMED_DIGITS = 4;

/** What an officer types to show that they read the amount: the last digits of what leaves, in satoshis. */
export function confirmationDigits(...verified: readonly VerifiedBundle[]): string {
  const leaving = addSatoshis(...verified.map(amountLeaving));
  return leaving.toString().padStart(CONFIRMED_DIGITS, '0').slice(-CONFIRMED_DIGITS);
}

/** @param verified one bundle, or all that are confirmed by their sum. @throws StationError `confirmation_wrong`. */
export function requireConfirmation(verified: readonly VerifiedBundle[], typed: string): void {
  if (typed.trim() === confirmationDigits(...verified)) return;
  throw new StationError(
    'confirmation_wrong',
    'The digits typed are not the last ones of the amount: nothing was signed.',
  );
}

/**
 * Checks a bundle from its bytes and from what this station has pinned.
 * @throws StationError `wallet_unknown`, `wallet_of_two_signers`, `manifest_missing`, `station_damaged`; whatever `verifyBundle` throws.
 */
export async function checkBundle(
  station: Station,
  bundle: SigningBundle,
  nowMs: number,
): Promise<CheckedBundle> {
  const manifest = await manifestInForce(station);
  const wallet = await pinnedWallet(station, bundle.wallet);
  if (wallet.registration.plan === 'treasury_hot') {
    // With the first signer's signature the cold key would complete what both signers may have given up.
    throw new StationError(
      'wallet_of_two_signers',
      'Two signers spend this wallet; no station signs for it.',
      {
        details: { wallet: bundle.wallet },
      },
    );
  }
  const customers = new Set(bundle.intents.flatMap(({ intent }) => askingCustomer(intent) ?? []));
  const credentials = new Map<string, Awaited<ReturnType<typeof credentialsFor>>>();
  for (const customer of customers)
    credentials.set(customer, await credentialsFor(station, wallet, customer));
  const trust = bundleTrust(wallet, manifest, (customer) => credentials.get(customer) ?? new Map());
  return { bundle, wallet, verified: await verifyBundle(bundle, trust, nowMs) };
}

/**
 * The signer's newest word on whose accounts are frozen allows it, or a disaster does. @throws StationError
 * `freeze_status_missing`, `freeze_status_stale`, `breaker_tripped`, `account_restricted`, `given_up`,
 * `ceremony_refused`.
 */
export async function requireOccasion(
  station: Station,
  checked: CheckedBundle,
  { nowMs, disaster }: SigningOccasion,
): Promise<void> {
  if (disaster === undefined) await requireUnfrozen(station, checked, nowMs);
  else requireReason(disaster);
}

/** What is about to be signed in a disaster is on record first. */
export async function noteOccasion(
  station: Station,
  { verified }: CheckedBundle,
  { disaster, nowMs }: SigningOccasion,
): Promise<void> {
  if (disaster !== undefined) await noteDisaster(station, disaster, txidsOf(verified), nowMs);
}

/**
 * Whether this station may sign a checked bundle: it has a key of the wallet, and has signed no transaction for any
 * of the intents that could confirm beside this one and was not given up; and nobody concerned is frozen. @throws
 * StationError `own_key_missing`, `intent_signed_otherwise`, as {@link requireOccasion}.
 */
export async function requireSignable(
  station: Station,
  checked: CheckedBundle,
  occasion: SigningOccasion,
): Promise<SignableBundle> {
  const { ownKey } = checked.wallet;
  if (ownKey === null) {
    throw new StationError('own_key_missing', 'No key of this wallet was made by this station.', {
      details: { wallet: checked.bundle.wallet },
    });
  }
  const { bundle, verified } = checked;
  await requireNotSignedOtherwise(station, bundle, verified, await manifestInForce(station));
  await requireOccasion(station, checked, occasion);
  return { ...checked, ownKey, occasion };
}

async function readFromSites(station: Station, name: string): Promise<Buffer> {
  for (const site of station.sites) {
    try {
      return await readRegularFile(join(site, name), { maxBytes: MAX_ENVELOPE_BYTES });
    } catch (thrown) {
      if (!(thrown instanceof KeyringError) || thrown.code !== 'file_missing') throw thrown;
    }
  }
  throw new StationError('envelope_missing', 'No backup site has the envelope of this key.', {
    details: { name },
  });
}

/**
 * The entropy of one of this station's own keys; the caller zeroes it.
 * @throws StationError `envelope_of_another_role`, `envelope_missing`; KeyringError `envelope_…`.
 */
export async function unwrapSeed(
  station: Station,
  key: KeyAttestation,
  masters: Masters<MasterPrivateKey>,
): Promise<Buffer> {
  const expected = envelopeContext(key);
  const blob = await readFromSites(station, envelopeName(expected.keyId));
  const { context } = readEnvelope(blob);
  if (context.role !== station.role) {
    throw new StationError(
      'envelope_of_another_role',
      `This ${station.role} station opens no ${context.role} keys.`,
    );
  }
  return openEnvelope(blob, expected, masters);
}

/**
 * Signs a checked bundle, with every variant of it, with this station's key of the wallet, unwrapped for this one use.
 * @returns the bundle with the signature added. What it signed is noted durably before it is returned.
 * @throws StationError `envelope_…`, `seed_does_not_fit`; KeyringError `envelope_…`; BitcoinError of `signPsbt`.
 */
export async function signBundle(
  station: Station,
  signable: SignableBundle,
  masters: Masters<MasterPrivateKey>,
): Promise<SigningBundle> {
  const { bundle, wallet, verified, ownKey, occasion } = signable;
  await noteOccasion(station, signable, occasion);
  const entropy = await unwrapSeed(station, ownKey, masters);
  const signed = ((): readonly Psbt[] => {
    try {
      const key = accountKeyOf(entropy, station.network);
      try {
        if (key.xpub.text !== ownKey.statement.xpub) {
          throw new StationError(
            'seed_does_not_fit',
            'What the envelope holds is not the key that it is named after.',
          );
        }
        const all = [verified, ...verified.variants];
        return all.map(({ psbt }) => signPsbt(psbt, key, wallet.descriptor));
      } finally {
        key.erase();
      }
    } finally {
      entropy.fill(0);
    }
  })();
  await noteSigned(station, verified);
  crashPoint('station.signed');
  const [psbt = '', ...variants] = signed.map(psbtToBase64);
  return { ...bundle, psbt, ...(variants.length === 0 ? {} : { variants }) };
}

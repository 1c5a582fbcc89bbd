import {
  fromBase64Url,
  samePublicKey,
  toBase64Url,
  verifyMasterLock,
  type EscrowEnvelope,
  type MasterLockRegistration,
} from '../intents/index.ts';
import {
  masterPublicKeyOfSpki,
  sealEnvelope,
  type MasterPrivateKey,
  type MasterPublicKey,
  type Masters,
} from '../keyring/index.ts';
import { credentialsFor } from './credentials.ts';
import { StationError } from './errors.ts';
import { envelopeContext } from './pool-records.ts';
import { accountKeyOf } from './pool.ts';
import { unwrapSeed } from './sign-bundle.ts';
import type { Station } from './station.ts';
import { pinnedWallet, type PinnedWallet } from './wallets.ts';

export interface EscrowWishes {
  readonly wallet: string;
  /** Of the customer's master lock, as the customer signed it. */
  readonly registration: MasterLockRegistration;
  readonly agent: { readonly name: string; readonly key: MasterPublicKey };
}

/**
 * The lock is the customer's: both halves stand in one statement that both signed, and the signing half is a
 * credential that this station has pinned. The online side has no word in it.
 */
async function requireOwnLock(
  station: Station,
  wallet: PinnedWallet,
  registration: MasterLockRegistration,
): Promise<void> {
  const { customer } = wallet.registration;
  const { statement } = registration;
  const refuse = (reason: string): StationError =>
    new StationError('lock_not_of_customer', 'This is not a master lock of the wallet’s customer.', {
      details: { lock: statement.id, reason },
    });
  if (customer === null || statement.customer !== customer) throw refuse('another customer');
  await verifyMasterLock(registration, station.network, null);
  const key = (await credentialsFor(station, wallet, customer)).get(statement.id);
  if (key === undefined) throw refuse('pin its credential first: station pin-credential');
  const signing = { algorithm: 'rsa-pss-sha256', spki: statement.signing } as const;
  if (!samePublicKey(key, signing)) throw refuse('another key is pinned');
}

/**
 * Wraps the cold seed of a collaborative wallet anew: to the customer's master lock, and around that to an escrow
 * agent. Neither opens it alone. The seed is unwrapped for this and written nowhere.
 * @throws StationError `own_key_missing`, `escrow_not_for_plan`, `lock_not_of_customer`, `envelope_…`,
 * `seed_does_not_fit`; KeyringError `masters_not_distinct`, `envelope_…`; IntentError `signature_…`.
 */
export async function escrowSeed(
  station: Station,
  { wallet: id, registration, agent }: EscrowWishes,
  masters: Masters<MasterPrivateKey>,
): Promise<EscrowEnvelope> {
  const wallet = await pinnedWallet(station, id);
  const { ownKey } = wallet;
  if (wallet.registration.plan !== 'collaborative' || station.role !== 'cold') {
    throw new StationError(
      'escrow_not_for_plan',
      'A cold station puts seeds of collaborative wallets in escrow.',
      {
        details: { plan: wallet.registration.plan, role: station.role },
      },
    );
  }
  if (ownKey === null) {
    throw new StationError('own_key_missing', 'No key of this wallet was made by this station.');
  }
  await requireOwnLock(station, wallet, registration);
  const decryption = fromBase64Url(registration.statement.decryption) ?? new Uint8Array();
  const recipients = { inner: masterPublicKeyOfSpki(Buffer.from(decryption)), outer: agent.key };
  const context = envelopeContext(ownKey);
  const entropy = await unwrapSeed(station, ownKey, masters);
  try {
    const key = accountKeyOf(entropy, station.network);
    const fits = key.xpub.text === ownKey.statement.xpub;
    key.erase();
    if (!fits) {
      throw new StationError('seed_does_not_fit', 'What the envelope holds is not the key that it names.');
    }
    return {
      purpose: 'escrow envelope',
      version: 1,
      network: station.network,
      wallet: id,
      keyId: context.keyId,
      fingerprint: context.fingerprint,
      lock: registration.statement.id,
      agent: agent.name,
      blob: toBase64Url(sealEnvelope(entropy, context, recipients)),
    };
  } finally {
    entropy.fill(0);
  }
}

import {
  checkManifestCurrent,
  descriptorHash,
  receiptDigest,
  registrationHash,
  verifyWalletRegistration,
  type Manifest,
  type RegistrationReceipt,
  type WalletRegistration,
} from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { crashPoint, isoTime } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { SignerError } from './errors.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { requireManifest } from './manifest-store.ts';
import { attest, attestationKeyOf } from './platform-keys.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import {
  addCredential,
  addWallet,
  credentialExists,
  credentialsOf,
  everHadCredential,
  pinnedWallet,
  platformKeyOf,
  sameCredentials,
  walletUsingKeys,
  type PinnedWallet,
} from './wallet-store.ts';

async function requireOwnKey(tx: PoolClient, registration: WalletRegistration): Promise<void> {
  const made = await platformKeyOf(tx, registration.wallet);
  const own = registration.keys.some((key) => key.statement.xpub === made?.statement.xpub);
  if (own) return;
  throw new SignerError('platform_key_foreign', 'None of the keys was made here for this wallet.', {
    details: { wallet: registration.wallet },
  });
}

/** The first registration of a customer pins their credentials; later ones must name just these. */
async function pinCredentials(
  { identity }: SignerParts,
  tx: PoolClient,
  { customer, credentials }: WalletRegistration,
  atMs: number,
): Promise<void> {
  if (customer === null) return;
  const pinned = await credentialsOf(tx, customer);
  if (await everHadCredential(tx, customer)) {
    if (sameCredentials(pinned, credentials)) return;
    throw new SignerError('credentials_differ', 'The customer’s credentials are not those pinned here.', {
      details: { customer, pinned: [...pinned.keys()], offered: credentials.map(({ id }) => id) },
    });
  }
  for (const credential of credentials) {
    if (await credentialExists(tx, credential.id)) {
      throw new SignerError('credentials_differ', 'A credential is already another customer’s.', {
        details: { customer, credential: credential.id },
      });
    }
    await addCredential(tx, customer, credential, atMs);
    await appendEntry(tx, identity, { kind: 'credential', subject: { customer, credential }, atMs });
  }
}

function receiptFor(
  { network, identity }: SignerParts,
  registration: WalletRegistration,
  manifest: Manifest,
  facts: { readonly descriptorHash: string; readonly atMs: number },
): RegistrationReceipt {
  const statement: RegistrationReceipt['statement'] = {
    purpose: 'wallet registered',
    network,
    wallet: registration.wallet,
    descriptorHash: facts.descriptorHash,
    registrationHash: registrationHash(registration),
    manifest: manifest.number,
    registeredAt: isoTime(facts.atMs),
  };
  return {
    statement,
    attestedBy: attestationKeyOf(identity),
    signature: attest(identity, receiptDigest(statement)),
  };
}

function answerFor(wallet: PinnedWallet): SignerAnswer<'registerWallet'> {
  return { descriptorHash: wallet.receipt.statement.descriptorHash, receipt: wallet.receipt };
}

async function pin(
  parts: SignerParts,
  tx: PoolClient,
  registration: WalletRegistration,
): Promise<PinnedWallet> {
  const manifest = await requireManifest(tx);
  const atMs = parts.clock.nowMs();
  checkManifestCurrent(manifest, atMs);
  const descriptor = await verifyWalletRegistration(registration, manifest);
  await requireOwnKey(tx, registration);
  const user = await walletUsingKeys(tx, registration.keys);
  if (user !== undefined) {
    throw new SignerError('key_already_used', 'A key enters one descriptor ever, and one of these has.', {
      details: { wallet: registration.wallet, usedBy: user },
    });
  }
  await pinCredentials(parts, tx, registration, atMs);
  const facts = { descriptorHash: descriptorHash(descriptor), atMs };
  const receipt = receiptFor(parts, registration, manifest, facts);
  const wallet = { registration, registrationHash: receipt.statement.registrationHash, receipt };
  await addWallet(tx, wallet, atMs);
  await appendEntry(tx, parts.identity, { kind: 'wallet', subject: { ...receipt.statement }, atMs });
  await addAlert(tx, {
    atMs,
    kind: 'wallet',
    method: 'registerWallet',
    text: `Pinned the ${registration.plan} wallet ${registration.wallet}.`,
    details: {
      wallet: registration.wallet,
      customer: registration.customer,
      descriptorHash: facts.descriptorHash,
    },
  });
  return wallet;
}

/**
 * Checks a wallet's registration by the manifest in force and pins descriptor and credentials. The same registration
 * again gives the same receipt. @throws IntentError, BitcoinError of the registration; SignerError
 * `manifest_missing`, `wallet_registered_otherwise`, `platform_key_foreign`, `key_already_used`,
 * `credentials_differ`, `network_differs`, `signer_sealed`.
 */
export async function registerWallet(
  parts: SignerParts,
  { registration }: SignerParameters<'registerWallet'>,
): Promise<SignerAnswer<'registerWallet'>> {
  if (registration.network !== parts.network) {
    throw new SignerError('network_differs', `This signer works on ${parts.network}.`);
  }
  await requireInStep(parts);
  const wallet = await exclusively(parts.pool, async (tx) => {
    const pinned = await pinnedWallet(tx, registration.wallet);
    if (pinned === undefined) return pin(parts, tx, registration);
    if (pinned.registrationHash === registrationHash(registration)) return pinned;
    throw new SignerError('wallet_registered_otherwise', 'This wallet is pinned with other words.', {
      details: { wallet: registration.wallet },
    });
  });
  crashPoint('signer.wallet_pinned');
  await tellWitness(parts);
  return answerFor(wallet);
}

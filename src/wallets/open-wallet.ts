import { BitcoinError, walletDescriptor } from '../bitcoin/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { appendEvent, raiseAlert } from '../events/index.ts';
import {
  checkManifestCurrent,
  completingSigner,
  descriptorHash,
  IntentError,
  parseKeyAttestation,
  PLAN_KEYS,
  verifyKeyAttestation,
  verifyRegistrationReceipt,
  verifyWalletRegistration,
  type CosignerRole,
  type KeyAttestation,
  type Manifest,
  type PublicKey,
  type WalletRegistration,
} from '../intents/index.ts';
import { canonicalJson, crashPoint, idToUuid, type WalletId } from '../shared/index.ts';
import {
  addAccountKey,
  assignPoolKey,
  lockPoolKey,
  refusePoolKey,
  type AttestedKey,
} from './account-keys.ts';
import { LOOKAHEAD, watchUpTo } from './addresses.ts';
import { openWalletAccounts } from './ledger-accounts.ts';
import type { PlatformSigner, SecondSigner } from './platform-signer.ts';
import { alarmOfLowPools } from './pool-alarm.ts';
import { readRegistration } from './registration.ts';
import { signingCredentialsOf } from './signing-credentials.ts';
import { record, WORKER, type WalletAction } from './wallet-audit.ts';
import type { AddressParts, WalletParts } from './wallet-parts.ts';
import { lockWallet, moveWallet } from './wallet-store.ts';
import { pooledRoles, type Wallet, type WalletState } from './wallet.ts';

export interface OpeningParts extends AddressParts {
  readonly signer: PlatformSigner;
  /** Without one, no wallet that two signers spend is opened. */
  readonly secondSigner?: SecondSigner | undefined;
}

/** Why a wallet stands still although nothing is wrong with it: said to whoever asks, and tried again. */
export class Waiting extends Error {}

async function audit(
  tx: DatabaseTransaction,
  parts: WalletParts,
  action: WalletAction,
  { id, state: before }: Wallet,
  after: { readonly state: WalletState } & Record<string, string | null>,
): Promise<void> {
  await record(tx, parts.clock, WORKER, action, id, after, { state: before });
}

/** A key of the pool whose proofs do not hold (any more): somebody changed the row, or its station is trusted no more. */
class PoolKeyRefused extends Error {
  readonly xpub: string;
  readonly refusal: IntentError | BitcoinError;

  constructor(xpub: string, refusal: IntentError | BitcoinError) {
    super(refusal.message, { cause: refusal });
    this.xpub = xpub;
    this.refusal = refusal;
  }
}

/** Puts such a key aside for good, and tells operators, whatever becomes of the wallet. */
async function putAside(parts: WalletParts, wallet: Wallet, refused: PoolKeyRefused): Promise<void> {
  const { xpub, refusal } = refused;
  await inTransaction(parts.database, async (tx) => {
    await refusePoolKey(tx, xpub, refusal.code);
    await record(tx, parts.clock, WORKER, 'pool.refuse', 'key-pool', { xpub, reason: refusal.code });
    const alert = { subject: wallet.id, code: refusal.code, during: 'wallet.open', text: refusal.message };
    await raiseAlert(tx, alert, WORKER, parts.clock);
  });
}

/** Takes a key of a pool. @throws PoolKeyRefused, Waiting. */
async function takePoolKey(
  tx: DatabaseTransaction,
  parts: WalletParts,
  manifest: Manifest,
  role: 'cold' | 'backup',
  walletId: WalletId,
): Promise<AttestedKey> {
  const attestation = await lockPoolKey(tx, parts.network, role);
  if (attestation === null) throw new Waiting(`there is no ${role} key in the pool`);
  const { xpub } = attestation.statement;
  try {
    const key = await verifyKeyAttestation(attestation, manifest.attestationKeys[role], parts.network);
    await assignPoolKey(tx, xpub, walletId, new Date(parts.clock.nowMs()));
    return { attestation, key };
  } catch (thrown) {
    if (!(thrown instanceof IntentError) && !(thrown instanceof BitcoinError)) throw thrown;
    throw new PoolKeyRefused(xpub, thrown);
  }
}

async function customerKeys(
  tx: DatabaseTransaction,
  parts: WalletParts,
  wallet: Wallet,
  credentials: readonly PublicKey[],
): Promise<readonly AttestedKey[]> {
  const { customerKey } = await tx.wallet.findUniqueOrThrow({ where: { id: idToUuid(wallet.id) } });
  if (customerKey === null) return [];
  const stored: unknown = JSON.parse(customerKey);
  const keys: AttestedKey[] = [];
  // A row from before a wallet could have two holds the one alone.
  for (const entry of Array.isArray(stored) ? stored : [stored]) {
    const attestation = parseKeyAttestation(entry);
    keys.push({ attestation, key: await verifyKeyAttestation(attestation, credentials, parts.network) });
  }
  return keys;
}

/** Keys stand in a descriptor in this order; addresses do not depend on it (BIP67). */
function inPlanOrder(wallet: Wallet, keys: readonly AttestedKey[]): readonly AttestedKey[] {
  const order: readonly CosignerRole[] = PLAN_KEYS[wallet.plan];
  const place = ({ attestation }: AttestedKey): number => order.indexOf(attestation.statement.role);
  return [...keys].sort((a, b) => place(a) - place(b));
}

async function gatherKeys(
  tx: DatabaseTransaction,
  parts: OpeningParts,
  wallet: Wallet,
  manifest: Manifest,
  platform: readonly KeyAttestation[],
  credentials: readonly PublicKey[],
): Promise<readonly AttestedKey[]> {
  const now = new Date(parts.clock.nowMs());
  const arriving = [...(await customerKeys(tx, parts, wallet, credentials))];
  for (const attestation of platform) {
    const isSecond = attestation.statement.role === 'platform_b';
    const trusted = manifest.attestationKeys[isSecond ? 'platform_b' : 'platform'] ?? [];
    arriving.push({ attestation, key: await verifyKeyAttestation(attestation, trusted, parts.network) });
  }
  for (const key of arriving) await addAccountKey(tx, key, { now, walletId: wallet.id });
  const pooled: AttestedKey[] = [];
  for (const role of pooledRoles(wallet.plan)) {
    pooled.push(await takePoolKey(tx, parts, manifest, role, wallet.id));
  }
  return inPlanOrder(wallet, [...arriving, ...pooled]);
}

async function credentialsFor(
  tx: DatabaseTransaction,
  wallet: Wallet,
): Promise<WalletRegistration['credentials']> {
  if (wallet.customerId === null) return [];
  const known = await signingCredentialsOf(tx, wallet.customerId);
  if (known.some(({ pinnedAt }) => pinnedAt === null)) {
    throw new Waiting('the signer does not know all of the customer’s credentials yet');
  }
  return known.map(({ id, publicKey }) => ({ id, publicKey }));
}

/** Who holds the platform keys of a wallet, whoever completes its payments first. @throws Waiting. */
function signersOf({ signer, secondSigner }: OpeningParts, { plan }: Wallet): readonly SecondSigner[] {
  if (completingSigner(plan) === 'platform') return [signer];
  if (secondSigner === undefined) throw new Waiting('there is no second signer');
  return [secondSigner, signer];
}

/**
 * requested → platform_key: has the signer make its key, takes the others, and fixes descriptor and registration
 * after checking every attestation and proof of possession.
 */
async function fixDescriptor(parts: OpeningParts, wallet: Wallet): Promise<void> {
  const manifest = await parts.manifest();
  checkManifestCurrent(manifest, parts.clock.nowMs());
  const platformKeys: KeyAttestation[] = [];
  for (const signer of signersOf(parts, wallet)) {
    const wish = { wallet: wallet.id, network: parts.network };
    platformKeys.push((await signer.createPlatformKey(wish)).attestation);
  }
  crashPoint('wallet.key_given');
  await inTransaction(parts.database, async (tx) => {
    await lockWallet(tx, wallet);
    const credentials = await credentialsFor(tx, wallet);
    const trusted = credentials.map(({ publicKey }) => publicKey);
    const keys = await gatherKeys(tx, parts, wallet, manifest, platformKeys, trusted);
    const descriptor = walletDescriptor({ network: parts.network, keys: keys.map(({ key }) => key) });
    const registration: WalletRegistration = {
      version: 1,
      wallet: wallet.id,
      network: parts.network,
      plan: wallet.plan,
      customer: wallet.customerId,
      descriptor: descriptor.text,
      keys: keys.map((key) => key.attestation),
      credentials,
    };
    await verifyWalletRegistration(registration, manifest);
    const hash = descriptorHash(descriptor);
    const state = await moveWallet(tx, wallet, 'fixDescriptor', {
      descriptor: descriptor.text,
      descriptorHash: hash,
      registration: canonicalJson(registration),
    });
    await audit(tx, parts, 'wallet.fix_descriptor', wallet, { state, descriptorHash: hash });
    await alarmOfLowPools(tx, parts, wallet);
    crashPoint('wallet.descriptor_fixed');
  });
}

/** As often as the pool gives a key that must be put aside first. */
async function fixWithSoundKeys(parts: OpeningParts, wallet: Wallet): Promise<void> {
  for (;;) {
    try {
      await fixDescriptor(parts, wallet);
      return;
    } catch (thrown) {
      if (!(thrown instanceof PoolKeyRefused)) throw thrown;
      await putAside(parts, wallet, thrown);
    }
  }
}

/** platform_key → registered: has the signer pin the registration, and keeps its receipt for the stations. */
async function register(parts: OpeningParts, wallet: Wallet): Promise<void> {
  const manifest = await parts.manifest();
  checkManifestCurrent(manifest, parts.clock.nowMs());
  const { registration } = await readRegistration(parts.database, wallet.id);
  const descriptor = await verifyWalletRegistration(registration, manifest);
  const receipts: string[] = [];
  for (const signer of signersOf(parts, wallet)) {
    const answer = await signer.registerWallet({ registration });
    crashPoint('wallet.pinned');
    if (answer.descriptorHash !== descriptorHash(descriptor)) {
      throw new IntentError('registration_keys_differ', 'The signer has pinned another descriptor.');
    }
    const by = signer === parts.signer ? 'platform' : 'platform_b';
    await verifyRegistrationReceipt(answer.receipt, registration, manifest, by);
    receipts.push(canonicalJson(answer.receipt));
  }
  // The first signer's word comes last, and is the one that stations take.
  const [receipt = '', second = null] = receipts.reverse();
  await inTransaction(parts.database, async (tx) => {
    const state = await moveWallet(tx, wallet, 'register', { receipt });
    const facts = { descriptorHash: descriptorHash(descriptor), ...(second === null ? {} : { second }) };
    await audit(tx, parts, 'wallet.register', wallet, { state, ...facts });
  });
}

/** A follower may stand on blocks that the chain takes back. */
const BIRTH_MARGIN_BLOCKS = 144;

/** Addresses are given out from now on, and no follower is ahead of the chain. */
async function birthHeightNow(tx: DatabaseTransaction): Promise<number | null> {
  const { _min: lowest } = await tx.chainFollower.aggregate({ _min: { height: true } });
  return lowest.height === null ? null : Math.max(0, lowest.height - BIRTH_MARGIN_BLOCKS);
}

/** registered → open: opens its accounts and watches its first scripts; from here on addresses are given out. */
async function open(parts: OpeningParts, wallet: Wallet): Promise<void> {
  await openWalletAccounts(parts.ledger, wallet);
  await inTransaction(parts.database, async (tx) => {
    const birthHeight = await birthHeightNow(tx);
    const state = await moveWallet(tx, wallet, 'open', {
      openedAt: new Date(parts.clock.nowMs()),
      birthHeight,
    });
    for (const branch of ['receive', 'change'] as const) {
      await watchUpTo(tx, wallet, branch, LOOKAHEAD);
    }
    const { descriptorHash: hash, customerId: customer } = wallet;
    await audit(tx, parts, 'wallet.open', wallet, { state, descriptorHash: hash });
    const data = { descriptorHash: hash };
    await appendEvent(tx, { type: 'wallet.opened', subject: wallet.id, customer, data }, parts.clock);
    crashPoint('wallet.opened');
  });
}

/**
 * Takes one step of opening a wallet. A step that was cut short is taken again: the signer and the ledger answer
 * the same to the same request, and the rest is one transaction.
 * @throws Waiting; WalletError, IntentError, BitcoinError; whatever the signer and the ledger throw.
 */
export async function takeOpeningStep(parts: OpeningParts, wallet: Wallet): Promise<void> {
  if (wallet.state === 'requested') await fixWithSoundKeys(parts, wallet);
  if (wallet.state === 'platform_key') await register(parts, wallet);
  if (wallet.state === 'registered') await open(parts, wallet);
}

import { z } from 'zod';
import { accountKeyFromSeed, formatKeyOrigin, provePossession, type AccountKey } from '../bitcoin/index.ts';
import {
  newKeyEntropy,
  openWithLock,
  sealToLock,
  seedOfKeyEntropy,
  type MasterLock,
} from '../keyring/browser/index.ts';
import { canonicalJson } from '../shared/index.ts';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { IntentError } from './errors.ts';
import { base64Url, networkName } from './fields-contract.ts';
import type { KeyAttestation, KeyStatement } from './key-attestation-contract.ts';
import { keyStatementDigest } from './key-attestation.ts';
import type { CustomerSigner } from './sign-as-customer.ts';

/** A customer's own account key: public facts, and its entropy sealed to the customer's master lock. */
const backupSchema = z.strictObject({
  purpose: z.literal('customer key backup'),
  version: z.literal(1),
  network: networkName,
  origin: z.string(),
  xpub: z.string(),
  sealed: base64Url,
});

export type CustomerKeyBackup = z.infer<typeof backupSchema>;

/** What the sealed entropy is bound to: exchanging a word of it makes the backup useless. */
function boundText({ purpose, version, network, origin, xpub }: Omit<CustomerKeyBackup, 'sealed'>): string {
  return canonicalJson({ purpose, version, network, origin, xpub });
}

/** @throws IntentError `customer_key_malformed`. */
export function parseCustomerKeyBackup(value: unknown): CustomerKeyBackup {
  const parsed = backupSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new IntentError('customer_key_malformed', 'This is not the backup of a customer’s key.');
}

async function accountKeyOf(entropy: Uint8Array, network: KeyStatement['network']): Promise<AccountKey> {
  const seed = await seedOfKeyEntropy(entropy);
  try {
    return accountKeyFromSeed(seed, network, 0);
  } finally {
    seed.fill(0);
  }
}

/**
 * Makes a customer's own account key (24 words of BIP39, BIP48 account 0), attested by one of their credentials and
 * backed up to their master lock. Nothing of it leaves the machine in the clear.
 */
export async function makeCustomerKey(wishes: {
  readonly network: KeyStatement['network'];
  /** How the customer is called in the attestation. */
  readonly name: string;
  readonly credential: CustomerSigner;
  /** The decryption half of the master lock: SubjectPublicKeyInfo, DER. */
  readonly lock: Pick<MasterLock, 'decryption'>;
}): Promise<{ readonly attestation: KeyAttestation; readonly backup: CustomerKeyBackup }> {
  const { network, name, credential, lock } = wishes;
  const entropy = newKeyEntropy();
  try {
    const key = await accountKeyOf(entropy, network);
    const origin = formatKeyOrigin(key.origin);
    const statement: KeyStatement = {
      purpose: 'account key',
      network,
      role: 'customer',
      origin,
      xpub: key.xpub.text,
      source: name,
    };
    const digest = keyStatementDigest(statement);
    const possession = provePossession(key, 'customer', digest);
    key.erase();
    const facts = {
      purpose: 'customer key backup',
      version: 1,
      network,
      origin,
      xpub: statement.xpub,
    } as const;
    const sealed = toBase64Url(await sealToLock(entropy, boundText(facts), lock.decryption));
    const signature = await credential.sign(digest);
    return {
      attestation: { statement, possession, attestedBy: credential.publicKey, signature },
      backup: { ...facts, sealed },
    };
  } finally {
    entropy.fill(0);
  }
}

/**
 * The account key of a backup, by the master lock; the caller erases it.
 * @throws KeyringError `envelope_for_other_masters`, `envelope_damaged`, `box_malformed`; IntentError
 * `customer_key_malformed` when what it holds is not the key that it names.
 */
export async function openCustomerKeyBackup(
  backup: CustomerKeyBackup,
  lock: MasterLock,
): Promise<AccountKey> {
  const box = fromBase64Url(backup.sealed) ?? new Uint8Array();
  const entropy = await openWithLock(box, boundText(backup), lock);
  try {
    const key = await accountKeyOf(entropy, backup.network);
    if (key.xpub.text === backup.xpub) return key;
    key.erase();
    throw new IntentError('customer_key_malformed', 'What the backup holds is not the key that it names.');
  } finally {
    entropy.fill(0);
  }
}

import { z } from 'zod';
import { formatKeyOrigin, provePossession } from '../bitcoin/index.ts';
import {
  base64Url,
  fromBase64Url,
  keyStatementDigest,
  networkName,
  toBase64Url,
  type KeyAttestation,
  type KeyStatement,
  type PublicKey,
  type Signature,
} from '../intents/index.ts';
import {
  newEntropy,
  openWithPassphrase,
  sealWithPassphrase,
  signWithMaster,
  type MasterPrivateKey,
} from '../keyring/index.ts';
import { canonicalJson } from '../shared/index.ts';
import { StationError } from './errors.ts';
import { accountKeyOf } from './pool.ts';

/** A customer's own account key: public facts, and its entropy sealed under the customer's passphrase. */
const customerKeySchema = z.strictObject({
  purpose: z.literal('customer key'),
  version: z.literal(1),
  network: networkName,
  origin: z.string(),
  xpub: z.string(),
  sealed: base64Url,
});

export type CustomerKeyFile = z.infer<typeof customerKeySchema>;

/** What the sealed entropy is bound to: exchanging a word of it makes the file useless. */
function boundText({ purpose, version, network, origin, xpub }: Omit<CustomerKeyFile, 'sealed'>): string {
  return canonicalJson({ purpose, version, network, origin, xpub });
}

/** A person's RSA key as it stands in manifests and registrations. */
export function publicKeyOf(key: Pick<MasterPrivateKey, 'spki'>): PublicKey {
  return { algorithm: 'rsa-pss-sha256', spki: toBase64Url(key.spki) };
}

export function signatureBy(key: MasterPrivateKey, digest: Uint8Array): Signature {
  return { algorithm: 'rsa-pss-sha256', signature: toBase64Url(signWithMaster(key, digest)) };
}

/**
 * Makes a customer's own account key and attests it with the customer's credential.
 * @throws KeyringError `passphrase_weak`.
 */
export function createCustomerKey(wishes: {
  readonly network: KeyStatement['network'];
  /** How the customer is called in the attestation. */
  readonly name: string;
  readonly passphrase: Buffer;
  readonly credential: MasterPrivateKey;
}): { readonly file: CustomerKeyFile; readonly attestation: KeyAttestation } {
  const { network, name, passphrase, credential } = wishes;
  const entropy = newEntropy();
  try {
    const key = accountKeyOf(entropy, network);
    const origin = formatKeyOrigin(key.origin);
    const facts = { purpose: 'customer key', version: 1, network, origin, xpub: key.xpub.text } as const;
    const sealed = toBase64Url(sealWithPassphrase(entropy, passphrase, boundText(facts)));
    const role = 'customer';
    const statement: KeyStatement = {
      purpose: 'account key',
      network,
      role,
      origin,
      xpub: facts.xpub,
      source: name,
    };
    const digest = keyStatementDigest(statement);
    const possession = provePossession(key, role, digest);
    key.erase();
    const attestation = {
      statement,
      possession,
      attestedBy: publicKeyOf(credential),
      signature: signatureBy(credential, digest),
    };
    return { file: { ...facts, sealed }, attestation };
  } finally {
    entropy.fill(0);
  }
}

/** @throws StationError `document_malformed`. */
export function parseCustomerKeyFile(value: unknown): CustomerKeyFile {
  const parsed = customerKeySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StationError('document_malformed', 'This is not the file of a customer’s key.');
}

/** The entropy, which the caller zeroes. @throws KeyringError `passphrase_wrong`, `box_malformed`. */
export function openCustomerKey(file: CustomerKeyFile, passphrase: Buffer): Buffer {
  const sealed = Buffer.from(fromBase64Url(file.sealed) ?? []);
  return openWithPassphrase(sealed, passphrase, boundText(file));
}

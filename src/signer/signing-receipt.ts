import {
  askingCustomer,
  intentHash,
  manifestHash,
  requesterKeys,
  signingReceiptDigest,
  type BundleTrust,
  type SigningBundle,
  type SigningReceipt,
} from '../intents/index.ts';
import { isoTime } from '../shared/index.ts';
import { SignerError } from './errors.ts';
import { attest, attestationKeyOf } from './platform-keys.ts';
import type { SignerParts } from './signer-parts.ts';

/** What the signer says of a bundle that it has just found right by `trust`. */
export function receiptOf(
  { network, identity }: Pick<SignerParts, 'network' | 'identity'>,
  bundle: SigningBundle,
  { manifest, credentialsOf }: BundleTrust,
  { txid, nowMs }: { readonly txid: string; readonly nowMs: number },
): SigningReceipt {
  const statement: SigningReceipt['statement'] = {
    purpose: 'transaction signed',
    network,
    txid,
    wallet: bundle.wallet,
    manifest: { number: manifest.number, hash: manifestHash(manifest) },
    intents: bundle.intents.map(({ intent, request }) => {
      if (request === null) return { hash: intentHash(intent), requestedBy: null };
      const { credential } = request.statement;
      const customer = askingCustomer(intent);
      const credentials = customer === undefined ? new Map<string, never>() : credentialsOf(customer);
      const publicKey = requesterKeys(intent, manifest, credentials).get(credential);
      if (publicKey === undefined) {
        throw new SignerError('credential_unknown', 'The credential of a request is not pinned here.');
      }
      return { hash: intentHash(intent), requestedBy: { credential, publicKey } };
    }),
    checkedAt: isoTime(nowMs),
  };
  const signature = attest(identity, signingReceiptDigest(statement));
  return { statement, attestedBy: attestationKeyOf(identity), signature };
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublicKey, Signature } from '../../intents/index.ts';
import { openMasterKey } from '../../keyring/index.ts';
import { publicKeyOf, signatureBy } from '../../station/index.ts';
import { DEMO_KEYS, DEMO_PASSPHRASE } from '../sandbox/demo-keys.ts';

/** A person with a key file, as their own program would use it. */
export interface KeyHolder {
  readonly publicKey: PublicKey;
  readonly sign: (digest: Uint8Array) => Signature;
}

/** @param name of a published demo key: `customer-1`, `approver-2` … */
export async function keyHolder(name: string): Promise<KeyHolder> {
  const pem = await readFile(join(DEMO_KEYS, `DEMO-${name}.pem`), 'utf8');
  const key = openMasterKey(pem, Buffer.from(DEMO_PASSPHRASE));
  return { publicKey: publicKeyOf(key), sign: (digest) => signatureBy(key, digest) };
}

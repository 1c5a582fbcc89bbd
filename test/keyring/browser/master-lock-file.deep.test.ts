import { createPublicKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { createMasterLock, openMasterLock } from '../../../src/keyring/browser/index.ts';
import { passphraseBytes } from './lock-fixtures.ts';

it('makes new keys of 4096 bits that only its file has', async () => {
  const made = await createMasterLock(passphraseBytes());
  const opened = await openMasterLock(made.file, passphraseBytes());
  expect(opened.signing).toEqual(made.lock.signing);
  expect(opened.decryption).toEqual(made.lock.decryption);
  const key = createPublicKey({ key: Buffer.from(opened.decryption), format: 'der', type: 'spki' });
  expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength: 4096, publicExponent: 65_537n });
  expect(opened.signing).not.toEqual(opened.decryption);
});

import type { Command } from 'commander';
import type { RequestSignature } from '../../intents/approval-contract.ts';
import { explainIntent, intentHash, lockSigner, parseIntent, statementDigest } from '../../intents/index.ts';
import { lockOfCertificate } from '../../keyring/browser/index.ts';
import { isoTime, parseId, SharedError, systemClock } from '../../shared/index.ts';
import { readDocument, signatureBy, writeDocument } from '../../station/index.ts';
import { openKeyFile } from '../terminal/key-files.ts';
import { openLockFile } from '../terminal/lock-files.ts';
import { acts } from './client-command.ts';
import { confirmHash } from '../terminal/confirm-hash.ts';
import type { Connection } from './connect.ts';
import { one, type Shown } from './output.ts';

interface SignOptions {
  readonly key?: string;
  readonly lock?: string;
  readonly credential?: string;
  readonly passphraseFile?: string;
  readonly confirm?: string;
  readonly out: string;
}

/** What the API answered, or the intent alone. */
function intentIn(document: unknown) {
  const isWhole = typeof document === 'object' && document !== null && 'intent' in document;
  return parseIntent(isWhole ? document.intent : document);
}

/** Who signs, and how: a key file under an id, or a master lock, which may know its own. @throws SharedError. */
async function signerOf({ key: keyFile, lock: lockFile, credential, passphraseFile }: SignOptions) {
  if ((keyFile === undefined) === (lockFile === undefined)) {
    throw new SharedError('config_invalid', 'Give --key or --lock: one of them.');
  }
  const named = (id: string | undefined) => {
    if (id === undefined)
      throw new SharedError('config_invalid', 'Give --credential: the file does not say it.');
    // Staff sign what they ask for under their own id, as the manifest names them.
    return id.startsWith('stf_') ? parseId('staff', id) : parseId('credential', id);
  };
  if (keyFile !== undefined) {
    const id = named(credential);
    const key = await openKeyFile(keyFile, 'your credential', passphraseFile);
    return { id, sign: (digest: Uint8Array) => Promise.resolve(signatureBy(key, digest)) };
  }
  const lock = await openLockFile(lockFile ?? '', 'your master lock', passphraseFile);
  const own = lock.certificates === null ? undefined : lockOfCertificate(lock.certificates.signing).lock;
  const id = named(credential ?? own);
  return { id, sign: lockSigner(id, lock).sign };
}

/** Needs no network: reads the intent from its own words, computes its hash, asks, and signs that. */
async function sign(_connection: Connection, options: SignOptions, file = ''): Promise<Shown> {
  const intent = intentIn(await readDocument(file));
  const hash = intentHash(intent);
  await confirmHash(explainIntent(intent), hash, 'sign', options.confirm);
  const { id: credential, sign: signDigest } = await signerOf(options);
  const statement: RequestSignature['statement'] = {
    purpose: 'request',
    intentHash: hash,
    credential,
    signedAt: isoTime(systemClock.nowMs()),
  };
  const signed = { statement, signature: await signDigest(statementDigest(statement)) };
  await writeDocument(options.out, signed);
  return one({ intentHash: hash, file: options.out }, () => ({
    signed: options.out,
    next: 'withdrawals submit',
  }));
}

/** The command with which a withdrawal that was asked for is signed. */
export function signsRequest(group: Command): void {
  acts(
    group
      .command('sign <file>')
      .description('read what was asked, from its own words, and sign it with your file; sends nothing')
      .option('--key <file>', 'your key file')
      .option('--lock <file>', 'or your master lock')
      .option('--credential <id>', 'its id at the API, crd_…; for staff their own, stf_…; a lock knows it')
      .requiredOption('--out <file>', 'where the signature goes')
      .option('--passphrase-file <file>', 'instead of asking')
      .option('--confirm <digits>', 'first digits of the hash, instead of asking'),
    sign,
  );
}

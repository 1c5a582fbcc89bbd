import type { Command } from 'commander';
import { NETWORK_NAMES, parseNetworkName } from '../../bitcoin/index.ts';
import {
  hash32,
  lockSigner,
  makeCustomerStatement,
  type CustomerPurpose,
  type CustomerSigner,
  type CustomerStatement,
} from '../../intents/index.ts';
import { lockOfCertificate } from '../../keyring/browser/index.ts';
import { parseId, SharedError, systemClock } from '../../shared/index.ts';
import { publicKeyOf, signatureBy, writeDocument } from '../../station/index.ts';
import { openKeyFile } from '../terminal/key-files.ts';
import { openLockFile } from '../terminal/lock-files.ts';

/** The longest that a statement may live, for one that travels from a machine without a network. */
const MAX_HOURS = 24;

interface SignOptions {
  readonly lock?: string;
  readonly key?: string;
  readonly passphraseFile?: string;
  readonly credential?: string;
  readonly customer?: string;
  readonly network?: string;
  readonly hours: string;
  readonly out: string;
}

interface Speaker {
  readonly signer: CustomerSigner;
  readonly customer: string;
  readonly network: CustomerStatement['statement']['network'];
}

function missing(option: string): SharedError {
  return new SharedError('config_invalid', `Give ${option}: the file does not say it.`);
}

/** Who speaks: what the options say, else what the certificate in the lock's file says. */
async function speakerOf(options: SignOptions): Promise<Speaker> {
  const { lock: lockFile, key: keyFile, passphraseFile, credential, customer, network } = options;
  if ((lockFile === undefined) === (keyFile === undefined)) {
    throw new SharedError('config_invalid', 'Give the file that signs: one of them.');
  }
  const named = (known: { customer: string; network: string } | undefined) => {
    const whose = customer ?? known?.customer;
    const where = network ?? known?.network;
    if (whose === undefined) throw missing('--customer');
    if (where === undefined) throw missing('--network');
    return { customer: parseId('customer', whose), network: parseNetworkName(where) };
  };
  if (keyFile !== undefined) {
    if (credential === undefined) throw missing('--credential');
    const key = await openKeyFile(keyFile, 'your credential', passphraseFile);
    const signer = {
      id: parseId('credential', credential),
      publicKey: publicKeyOf(key),
      sign: (digest: Uint8Array) => Promise.resolve(signatureBy(key, digest)),
    };
    return { signer, ...named(undefined) };
  }
  const lock = await openLockFile(lockFile ?? '', 'your master lock', passphraseFile);
  const known = lock.certificates === null ? undefined : lockOfCertificate(lock.certificates.signing);
  const id = credential ?? known?.lock;
  if (id === undefined) throw missing('--credential');
  return { signer: lockSigner(parseId('credential', id), lock), ...named(known) };
}

function lifetimeOf(hours: string): number {
  const given = Number(hours);
  if (given > 0 && given <= MAX_HOURS) return given * 3_600_000;
  throw new SharedError('config_invalid', `--hours is at most ${MAX_HOURS}.`);
}

/** A command that signs one statement about one thing. */
function signs(
  group: Command,
  name: string,
  description: string,
  purpose: CustomerPurpose,
  subjectOf: (word: string, speaker: Speaker) => string,
): Command {
  return group
    .command(name)
    .description(description)
    .option('--lock <file>', 'the lock')
    .requiredOption('--out <file>', 'where the statement goes')
    .option('--passphrase-file <file>', 'instead of asking')
    .option('--credential <id>', 'the lock’s id, crd_…, when its file holds no certificates')
    .option('--customer <id>', 'your id, likewise')
    .option('--network <network>', `likewise: ${NETWORK_NAMES.join(', ')}`)
    .option('--hours <number>', 'how long it is good for, a day at most', '0.25')
    .action(async (...given: unknown[]) => {
      const [word, options] =
        given.length === 3 ? (given as [string, SignOptions]) : ['', given[0] as SignOptions];
      const speaker = await speakerOf(options);
      const { signer, customer, network } = speaker;
      const subject = subjectOf(word, speaker);
      const words = { purpose, network, customer, subject };
      const lifetimeMs = lifetimeOf(options.hours);
      const statement = await makeCustomerStatement(words, signer, systemClock.nowMs(), lifetimeMs);
      await writeDocument(options.out, statement);
      process.stdout.write(
        `Signed "${purpose}" about ${subject}, good once and until ${statement.statement.expiresAt}: ${options.out}\n`,
      );
    });
}

/** What a customer says with the lock. Nothing is sent. */
export function registerLockStatements(group: Command): void {
  signs(
    group,
    'sign-unlock <restriction>',
    'sign that a lock of your own account is lifted; hand it in with `client restrictions unlock`',
    'unlock',
    (word) => parseId('restriction', word),
  );
  signs(
    group,
    'sign-deep-freeze',
    'sign that our keys of your wallets are taken offline; hand it in with `client deep-freezes own`',
    'deep freeze',
    (_word, { customer }) => customer,
  );
  signs(
    group,
    'sign-revocation',
    'sign that this lock ends, when its file may be in other hands; hand it in with `client locks revoke`',
    'revoke master lock',
    (_word, { signer }) => signer.id,
  );
  signs(
    group,
    'sign-objection <hash>',
    'sign that the way back to your lock stops, with the lock or another credential; then `client locks object`',
    'cancel recovery',
    (word) => hash32.parse(word),
  ).option('--key <file>', 'instead of the lock: a key file of yours, with --credential');
}

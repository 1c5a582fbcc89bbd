import type { Command } from 'commander';
import { parseNetworkName, NETWORK_NAMES } from '../../bitcoin/index.ts';
import { credentialPinDigest, type CredentialPin } from '../../intents/index.ts';
import { createMasterKey, writeNewFile } from '../../keyring/index.ts';
import { isoTime, newId, parseId, systemClock } from '../../shared/index.ts';
import {
  parseCredentialPin,
  publicKeyOf,
  readDocument,
  signatureBy,
  writeDocument,
} from '../../station/index.ts';
import * as contract from '../../wallets/signing-credential-contract.ts';
import { openKeyFile, withPassphrase } from '../terminal/key-files.ts';
import { acts, changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';

interface CreateOptions {
  readonly out: string;
  readonly passphraseFile?: string;
}

async function create(_connection: Connection, { out, passphraseFile }: CreateOptions): Promise<Shown> {
  const { privatePem } = await withPassphrase(
    'your new credential',
    { file: passphraseFile, isNew: true },
    (passphrase) => createMasterKey(passphrase),
  );
  await writeNewFile(out, Buffer.from(privatePem));
  return one({ file: out }, ({ file }) => ({ 'key file': file, next: 'credentials pin' }));
}

interface PinOptions {
  readonly key: string;
  readonly passphraseFile?: string;
  readonly customer: string;
  readonly network: string;
  readonly by?: string;
  readonly byKey?: string;
  readonly byPassphraseFile?: string;
  readonly out: string;
}

/** Needs no network: the statement names whose key it is, and is signed with the key itself or an earlier one. */
async function pin(_connection: Connection, options: PinOptions): Promise<Shown> {
  const { key: file, passphraseFile, by, byKey, byPassphraseFile } = options;
  const key = await openKeyFile(file, 'your credential', passphraseFile);
  const signer =
    byKey === undefined ? key : await openKeyFile(byKey, 'your earlier credential', byPassphraseFile);
  const id = newId('credential');
  const statement: CredentialPin['statement'] = {
    purpose: 'pin credential',
    network: parseNetworkName(options.network),
    customer: parseId('customer', options.customer),
    credential: { id, publicKey: publicKeyOf(key) },
    signedBy: by === undefined ? id : parseId('credential', by),
    signedAt: isoTime(systemClock.nowMs()),
  };
  const signed = { statement, signature: signatureBy(signer, credentialPinDigest(statement)) };
  await writeDocument(options.out, signed);
  return one({ credential: id, file: options.out }, ({ credential, file: out }) => ({
    credential,
    statement: out,
    next: 'credentials add',
  }));
}

async function add({ api }: Connection, { label }: { readonly label: string }, file = ''): Promise<Shown> {
  const body = { label, pin: parseCredentialPin(await readDocument(file)) };
  return one(await api.call(contract.addSigningCredential, { body }), ({ id, publicKey, pinned }) => ({
    credential: id,
    algorithm: publicKey.algorithm,
    'known to the signer': pinned ? 'yes' : 'with your first wallet, or in a moment',
  }));
}

async function list({ api }: Connection): Promise<Shown> {
  const columns = ['credential', 'algorithm', 'signer', 'since'];
  return page(await api.call(contract.listSigningCredentials, {}), columns, (credential) => [
    credential.id,
    credential.publicKey.algorithm,
    credential.pinned ? 'knows it' : 'not yet',
    credential.createdAt,
  ]);
}

/** Keys that sign requests. Their private halves stay in files of the customer. */
export function registerCredentials(client: Command): void {
  const group = client.command('credentials').description('the keys that you sign withdrawals with');
  acts(
    group
      .command('create')
      .description('make an RSA-4096 key file, sealed under a passphrase; sends nothing')
      .requiredOption('--out <file>', 'where it goes')
      .option('--passphrase-file <file>', 'instead of asking'),
    create,
  );
  acts(
    group
      .command('pin')
      .description('write the statement that makes a key file yours; sends nothing')
      .requiredOption('--key <file>', 'the key file')
      .requiredOption('--customer <id>', 'your id, cus_…')
      .requiredOption('--network <network>', NETWORK_NAMES.join(', '))
      .requiredOption('--out <file>', 'where the statement goes')
      .option('--passphrase-file <file>', 'instead of asking')
      .option('--by <credential>', 'an earlier credential of yours, crd_…, which signs for all but the first')
      .option('--by-key <file>', 'its key file')
      .option('--by-passphrase-file <file>', 'instead of asking'),
    pin,
  );
  changes(
    group
      .command('add <statement>')
      .description('hand the statement in')
      .requiredOption('--label <name>', 'a name for people'),
    add,
  );
  acts(group.command('list').description('those that the API knows'), list);
}

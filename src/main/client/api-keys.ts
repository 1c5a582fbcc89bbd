import type { Command } from 'commander';
import { SCOPES, type Scope } from '../../http/access-contract.ts';
import * as contract from '../../identity/identity-contract.ts';
import type { AnswerOf } from './api-client.ts';
import { acts, changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { done, one, page, type Shown } from './output.ts';
import { passwordOf, showSecret } from './secrets.ts';

export interface KeyOptions {
  readonly label: string;
  readonly scope: string[];
  readonly expires?: string;
  readonly passwordFile?: string;
  readonly out?: string;
}

/** What a new key is to be able to do; the contract refuses scopes that there are not. */
export async function keyWish(connection: Connection, options: KeyOptions) {
  const { label, scope, expires } = options;
  const password = await passwordOf(connection, options);
  const expiresAt = expires === undefined ? {} : { expiresAt: expires };
  return { label, scopes: scope as Scope[], password, ...expiresAt };
}

export function keyShown(
  answer: AnswerOf<typeof contract.createApiKey>,
  { out }: Pick<KeyOptions, 'out'>,
): Promise<Shown> {
  const { lines } = one(answer.apiKey, ({ id, label, scopes, expiresAt }) => ({
    id,
    label,
    scopes: scopes.join(', '),
    until: expiresAt,
  }));
  return showSecret({ document: answer, lines }, answer.key, { name: 'key', out });
}

/** The options that make a key, for customers and for integrators. */
export function keyOptions(command: Command): Command {
  return command
    .requiredOption('--label <name>', 'a name for people')
    .requiredOption('--scope <scope...>', SCOPES.join(', '))
    .option('--expires <time>', 'RFC 3339, UTC; never unless told')
    .option('--password-file <file>', 'of your account, instead of TRILOCK_PASSWORD or asking')
    .option('--out <file>', 'put the key there, readable for you alone, instead of showing it');
}

async function create(connection: Connection, options: KeyOptions): Promise<Shown> {
  const body = await keyWish(connection, options);
  return keyShown(await connection.api.call(contract.createApiKey, { body }), options);
}

async function list({ api }: Connection): Promise<Shown> {
  const columns = ['id', 'label', 'scopes', 'until', 'last used'];
  return page(await api.call(contract.listApiKeys, {}), columns, (key) => [
    key.id,
    key.label,
    key.scopes.join(','),
    key.expiresAt,
    key.lastUsedAt,
  ]);
}

async function revoke({ api }: Connection, _options: object, credentialId = ''): Promise<Shown> {
  await api.call(contract.revokeApiKey, { params: { credentialId } });
  return done('Revoked.');
}

/** Keys for programs. */
export function registerApiKeys(client: Command): void {
  const group = client.command('api-keys').description('keys for programs of your own');
  changes(keyOptions(group.command('create').description('make a key')), create);
  acts(group.command('list').description('oldest first'), list);
  acts(group.command('revoke <id>').description('it counts no more'), revoke);
}

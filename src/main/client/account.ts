import type { Command } from 'commander';
import * as contract from '../../identity/identity-contract.ts';
import { ClientError } from './errors.ts';
import { acts, changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { done, one, page, type Shown } from './output.ts';
import { codeOf, passwordOf, typedSecret } from './secrets.ts';
import { dropSession, keepSession } from './session-file.ts';

interface WithPassword {
  readonly passwordFile?: string;
}

interface SignInOptions extends WithPassword {
  readonly email: string;
  readonly staff?: true;
  readonly codeFile?: string;
}

const PASSWORD_FILE = ['--password-file <file>', 'instead of TRILOCK_PASSWORD or asking'] as const;
const CODE_FILE = ['--code-file <file>', 'six digits of the authenticator app, instead of asking'] as const;

async function register(
  connection: Connection,
  options: WithPassword & { readonly email: string; readonly name: string },
): Promise<Shown> {
  const password = await passwordOf(connection, options, true);
  const body = { email: options.email, displayName: options.name, password };
  const customer = await connection.api.call(contract.registerCustomer, { body });
  return one(customer, ({ id, email, displayName }) => ({ customer: id, email, name: displayName }));
}

async function openSession({ api }: Connection, options: SignInOptions, password: string) {
  const { email, codeFile } = options;
  const operation = options.staff === true ? contract.signInStaff : contract.signIn;
  const code = codeFile === undefined ? {} : { code: await codeOf(codeFile) };
  try {
    return await api.send(operation, { body: { email, password, ...code } });
  } catch (thrown) {
    const isAsked = thrown instanceof ClientError && thrown.problem?.code === 'second_factor_required';
    if (!isAsked || codeFile !== undefined) throw thrown;
    return api.send(operation, { body: { email, password, code: await codeOf(undefined) } });
  }
}

async function signIn(connection: Connection, options: SignInOptions): Promise<Shown> {
  const password = await passwordOf(connection, options);
  const { body, setCookie } = await openSession(connection, options, password);
  if (setCookie === undefined) throw new ClientError('api_strange', 'The API opened no session.');
  const { id, displayName, csrfToken, expiresAt, roles } = body;
  const session = { url: connection.url, cookie: setCookie, csrfToken, id, displayName, expiresAt };
  await keepSession(connection.sessionPath, session);
  const shown = { id, name: displayName, roles: roles.join(', '), until: expiresAt };
  return one({ id, displayName, roles, expiresAt, sessionFile: connection.sessionPath }, () => shown);
}

async function signOut({ api, session, sessionPath }: Connection): Promise<Shown> {
  if (session === undefined) return done('Nobody was signed in.');
  try {
    await api.call(contract.signOut, {});
  } catch (thrown) {
    // A session that no longer counts there is of no use here either.
    if (!(thrown instanceof ClientError && thrown.code === 'api_not_permitted')) throw thrown;
  }
  await dropSession(sessionPath);
  return done('Signed out.');
}

async function whoAmI({ api, url }: Connection): Promise<Shown> {
  return one(await api.call(contract.getMe, {}), ({ kind, id, displayName, email, roles, secondFactor }) => ({
    [kind]: id,
    name: displayName,
    email,
    roles: roles.join(', '),
    'second factor': secondFactor ? 'on' : 'off',
    at: url,
  }));
}

async function rename({ api }: Connection, _options: object, displayName = ''): Promise<Shown> {
  const { etag } = await api.send(contract.getMe, {});
  const call = { body: { displayName }, ...(etag === null ? {} : { ifMatch: etag }) };
  return one(await api.call(contract.renameMe, call), (me) => ({ [me.kind]: me.id, name: me.displayName }));
}

async function changePassword(
  connection: Connection,
  options: WithPassword & { readonly newPasswordFile?: string },
): Promise<Shown> {
  const currentPassword = await passwordOf(connection, options);
  const newPassword = await typedSecret('your account, the new one', options.newPasswordFile, true);
  await connection.api.call(contract.changePassword, { body: { currentPassword, newPassword } });
  return done('Changed. Every other session of yours has ended.');
}

async function beginFactor(connection: Connection, options: WithPassword): Promise<Shown> {
  const password = await passwordOf(connection, options);
  const begun = await connection.api.call(contract.beginSecondFactor, { body: { password } });
  return one(begun, ({ uri }) => ({ 'for the app': uri, next: 'second-factor confirm' }));
}

async function confirmFactor(
  { api }: Connection,
  { codeFile }: { readonly codeFile?: string },
): Promise<Shown> {
  await api.call(contract.confirmSecondFactor, { body: { code: await codeOf(codeFile) } });
  return done('From now on sign-in asks for a code.');
}

async function removeFactor(
  connection: Connection,
  options: WithPassword & { readonly codeFile?: string },
): Promise<Shown> {
  const password = await passwordOf(connection, options);
  const code = await codeOf(options.codeFile);
  await connection.api.call(contract.removeSecondFactor, { body: { password, code } });
  return done('Removed.');
}

async function sessions({ api }: Connection): Promise<Shown> {
  const columns = ['session', 'since', 'last seen', 'from', ''];
  return page(await api.call(contract.listSessions, {}), columns, (session) => [
    session.id,
    session.createdAt,
    session.lastSeenAt,
    session.clientAddress,
    session.current ? 'this one' : '',
  ]);
}

async function endSession({ api }: Connection, _options: object, sessionId = ''): Promise<Shown> {
  await api.call(contract.revokeSession, { params: { sessionId } });
  return done('Ended.');
}

function registerSecondFactor(client: Command): void {
  const factor = client.command('second-factor').description('an authenticator app beside the password');
  acts(
    factor
      .command('begin')
      .description('get what the app scans')
      .option(...PASSWORD_FILE),
    beginFactor,
  );
  acts(
    factor
      .command('confirm')
      .description('switch it on with a first code')
      .option(...CODE_FILE),
    confirmFactor,
  );
  acts(
    factor
      .command('remove')
      .description('switch it off')
      .option(...PASSWORD_FILE)
      .option(...CODE_FILE),
    removeFactor,
  );
}

/** Who one is to the API. */
export function registerAccount(client: Command): void {
  changes(
    client
      .command('register')
      .description('become a customer')
      .requiredOption('--email <address>')
      .requiredOption('--name <name>')
      .option(...PASSWORD_FILE),
    register,
  );
  acts(
    client
      .command('sign-in')
      .description('open a session and keep it')
      .requiredOption('--email <address>')
      .option('--staff', 'as a member of staff')
      .option(...PASSWORD_FILE)
      .option(...CODE_FILE),
    signIn,
  );
  acts(client.command('sign-out').description('end the session'), signOut);
  acts(client.command('whoami').description('who you are to the API'), whoAmI);
  acts(client.command('rename <name>').description('change the name you are shown by'), rename);
  acts(
    client
      .command('password')
      .description('change your password; other sessions end')
      .option(...PASSWORD_FILE)
      .option('--new-password-file <file>', 'instead of asking'),
    changePassword,
  );
  registerSecondFactor(client);
  const group = client.command('sessions').description('where you are signed in');
  acts(group.command('list').description('live sessions'), sessions);
  acts(group.command('end <session>').description('end one of them'), endSession);
}

import { PostgresError } from './errors.ts';

/** How to reach a database. */
export interface PostgresConfig {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** TLS, as `sslmode` in a url: `verify` checks certificate and host name, `require` encrypts only. Default off. */
  readonly tls?: 'verify' | 'require';
  /** The role that the session takes on after signing in (`SET ROLE`), e.g. the owner of the tables. */
  readonly role?: string;
}

const TLS_BY_SSLMODE: Readonly<Record<string, 'verify' | 'require' | undefined>> = {
  disable: undefined,
  require: 'require',
  'verify-ca': 'verify',
  'verify-full': 'verify',
};

function refuse(reason: string): never {
  throw new PostgresError('config_invalid', `The database url is not usable: ${reason}.`);
}

/**
 * Reads `postgresql://user:password@host:port/database?sslmode=verify-full`. Parameters other than `sslmode`
 * are refused, so that a misspelt one is noticed. @throws PostgresError `config_invalid`; the message never
 * repeats the url, which holds a password.
 */
export function parsePostgresUrl(text: string): PostgresConfig {
  if (!URL.canParse(text)) refuse('it is not a url');
  const url = new URL(text);
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')
    refuse('it must begin with postgresql://');
  const database = decode(url.pathname.slice(1));
  if (url.hostname === '') refuse('it names no host');
  if (database === '' || database.includes('/')) refuse('it names no database');
  if (url.username === '') refuse('it names no user');
  for (const name of url.searchParams.keys()) {
    if (name !== 'sslmode') refuse(`the parameter ${JSON.stringify(name)} is not known`);
  }
  const sslmode = url.searchParams.get('sslmode') ?? 'disable';
  if (!Object.hasOwn(TLS_BY_SSLMODE, sslmode)) {
    refuse(`sslmode must be one of ${Object.keys(TLS_BY_SSLMODE).join(', ')}`);
  }
  const tls = TLS_BY_SSLMODE[sslmode];
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    user: decode(url.username),
    password: decode(url.password),
    ...(tls === undefined ? {} : { tls }),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return refuse('a % in it is not followed by two hexadecimal digits');
  }
}

/** The url of a configuration, password included: hand it to a child process, never to a log. */
export function postgresUrl(config: PostgresConfig): string {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const user = `${encodeURIComponent(config.user)}:${encodeURIComponent(config.password)}`;
  const query =
    config.tls === undefined ? '' : `?sslmode=${config.tls === 'verify' ? 'verify-full' : 'require'}`;
  return `postgresql://${user}@${host}:${config.port}/${encodeURIComponent(config.database)}${query}`;
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePostgresUrl, postgresUrl, PostgresError } from '../../src/postgres/index.ts';

test('a url is read into its parts', () => {
  expect(parsePostgresUrl('postgres://app:p%40ss@db.example:6543/wallet?sslmode=verify-full')).toEqual({
    host: 'db.example',
    port: 6543,
    database: 'wallet',
    user: 'app',
    password: 'p@ss',
    tls: 'verify',
  });
  expect(parsePostgresUrl('postgresql://app@[::1]/wallet')).toEqual({
    host: '::1',
    port: 5432,
    database: 'wallet',
    user: 'app',
    password: '',
  });
});

describe('refused, in words that do not repeat the password', () => {
  test.each([
    ['', 'it is not a url'],
    ['localhost', 'it is not a url'],
    ['mysql://app:hunter2@db/wallet', 'it must begin with postgresql://'],
    ['postgres:///wallet', 'it names no host'],
    ['postgres://app:hunter2@db', 'it names no database'],
    ['postgres://app:hunter2@db/', 'it names no database'],
    ['postgres://app:hunter2@db/a/b', 'it names no database'],
    ['postgres://db/wallet', 'it names no user'],
    ['postgres://app:hunter2@db/wallet?sslmod=require', 'the parameter "sslmod" is not known'],
    ['postgres://app:hunter2@db/wallet?sslmode=perhaps', 'sslmode must be one of'],
    ['postgres://app:hunter2@db/wallet?sslmode=toString', 'sslmode must be one of'],
    ['postgres://app:hunter2%zz@db/wallet', 'hexadecimal'],
    ['postgres://app:hunter2@db:99999/wallet', 'it is not a url'],
  ])('%s', (url, reason) => {
    let refused: unknown;
    try {
      parsePostgresUrl(url);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(PostgresError);
    expect((refused as PostgresError).code).toBe('config_invalid');
    expect((refused as PostgresError).message).toContain(reason);
    expect((refused as PostgresError).message).not.toContain('hunter2');
  });
});

test('a configuration survives being written as a url and read again', () => {
  const part = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(
      fc.record(
        {
          host: fc.constantFrom('localhost', '10.0.0.1', '::1', 'db.internal'),
          port: fc.integer({ min: 1, max: 65535 }),
          database: part.filter((name) => !name.includes('/') && name !== '.' && name !== '..'),
          user: part,
          password: fc.string({ unit: 'grapheme' }),
          tls: fc.constantFrom('verify' as const, 'require' as const),
        },
        { requiredKeys: ['host', 'port', 'database', 'user', 'password'] },
      ),
      (config) => {
        expect(parsePostgresUrl(postgresUrl(config))).toEqual(config);
      },
    ),
  );
});

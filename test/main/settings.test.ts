import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings, ROLES, settingsHelp, settingsTable } from '../../src/main/settings/index.ts';
import { SETTINGS, type Setting } from '../../src/main/settings/settings.ts';

const witness = {
  TRILOCK_WITNESS_SOCKET: '/run/trilock/witness',
  TRILOCK_WITNESS_DIRECTORY: '/var/lib/trilock/witness',
};

function lineOf(role: (typeof ROLES)[number], environment: Record<string, string>): string {
  try {
    loadSettings(role, environment);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'config_invalid' });
    return (thrown as Error).message;
  }
  return 'accepted';
}

describe('settings', () => {
  it('are parsed into what they mean', () => {
    const settings = loadSettings('witness', { ...witness, TRILOCK_SHUTDOWN_SECONDS: '5' });
    expect(settings).toMatchObject({ ...witness, TRILOCK_SHUTDOWN_SECONDS: 5, TRILOCK_LOG_LEVEL: 'info' });
    expect(settings.TRILOCK_MONITOR).toBeUndefined();
  });

  it('of another role are neither needed nor read', () => {
    expect(lineOf('witness', { ...witness, TRILOCK_HTTP_PORT: 'nonsense' })).toBe('accepted');
  });

  it('that are empty count as not given', () => {
    expect(loadSettings('witness', { ...witness, TRILOCK_LOG_LEVEL: '' }).TRILOCK_LOG_LEVEL).toBe('info');
    expect(lineOf('witness', { ...witness, TRILOCK_WITNESS_SOCKET: '' })).toContain('is not set');
  });

  it('that are unknown stop the program, with a guess at what was meant', () => {
    expect(lineOf('witness', { ...witness, TRILOCK_LOG_LEVLE: 'info' })).toBe(
      'TRILOCK_LOG_LEVLE is not a setting of Trilock. Did you mean TRILOCK_LOG_LEVEL?',
    );
    expect(lineOf('witness', { ...witness, TRILOCK_WEATHER: 'fine' })).toBe(
      'TRILOCK_WEATHER is not a setting of Trilock.',
    );
    expect(lineOf('witness', { ...witness, TRILOCK_TEST_ANYTHING: '1' })).toBe('accepted');
  });

  it('that are secret are never repeated', () => {
    const line = lineOf('ledger', {
      TRILOCK_LEDGER_SOCKET: '/run/l',
      TRILOCK_LEDGER_DATABASE_URL: 'mysql://u:hunter2@h/d',
    });
    expect(line).toMatch(/^TRILOCK_LEDGER_DATABASE_URL must be a PostgreSQL address/);
    expect(line).not.toContain('hunter2');
  });

  const wrong: Record<string, string> = {
    TRILOCK_NETWORK: 'main',
    TRILOCK_LOG_LEVEL: 'loud',
    TRILOCK_SCHEMAS: 'x'.repeat(201),
    TRILOCK_HTTP_HOST: 'x'.repeat(201),
    TRILOCK_BITCOIN_RPC_USER: 'x'.repeat(201),
    TRILOCK_BITCOIN_RPC_PASSWORD: 'x'.repeat(201),
    TRILOCK_HTTP_PORT: '65536',
    TRILOCK_NODE_RPC_PORT: '-1',
    TRILOCK_SHUTDOWN_SECONDS: '0',
    TRILOCK_RESTARTS: '1.5',
    TRILOCK_PASSWORD: 'x'.repeat(257),
    TRILOCK_API_KEY: 'a key with spaces',
    TRILOCK_PUBLIC_URL: 'ftp://example.org',
    TRILOCK_BITCOIN_RPC_URL: '127.0.0.1:8332',
    TRILOCK_MONITORS: 'ledger',
  };

  const cases = (Object.entries(SETTINGS) as [string, Setting][]).flatMap(([name, setting]) =>
    setting.roles.map((role) => ({ name, role, setting })),
  );

  it.each(cases)('$name of $role has one line each for wrong and missing', ({ name, role, setting }) => {
    const complete = Object.fromEntries(
      (Object.entries(SETTINGS) as [string, Setting][])
        .filter(([, other]) => other.roles.includes(role))
        .flatMap(([key, other]) => {
          const value = ['postgres://u:p@h/d', '/run/x', 'regtest', 'http://h', 'f'.repeat(64)].find(
            (candidate) => other.schema.safeParse(candidate).success,
          );
          return other.fallback === undefined && value !== undefined ? [[key, value]] : [];
        }),
    ) as Record<string, string>;
    expect(lineOf(role, complete)).toBe('accepted');
    const bad = lineOf(role, { ...complete, [name]: wrong[name] ?? 'relative nonsense' });
    expect(bad).toMatch(new RegExp(`^${name} must be `));
    expect(bad).not.toContain('\n');
    const needed = setting.fallback === undefined && setting.optional !== true;
    expect(lineOf(role, { ...complete, [name]: '' })).toMatch(
      needed ? new RegExp(`^${name} is not set: `) : /^accepted$/,
    );
  });

  it('are all in the README, word for word', async () => {
    const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
    expect(readme).toContain(settingsTable());
  });

  it.each(ROLES)('of %s are in its help', (role) => {
    const help = settingsHelp(role);
    for (const [name, setting] of Object.entries(SETTINGS) as [string, Setting][]) {
      expect(help.includes(`  ${name}  (`)).toBe(setting.roles.includes(role));
    }
  });
});

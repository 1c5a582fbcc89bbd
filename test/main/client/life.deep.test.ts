// A customer's whole life, with nothing but commands, against a sandbox of its own (docs/commands.md).
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { trilock } from '../support/trilock-process.ts';

const APPROVER_KEY = join(import.meta.dirname, '../../../keys/demo/DEMO-approver-1.pem');
const PAYEE = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const PASSPHRASE = 'trilock demo passphrase, not a secret';

type Json = Record<string, unknown>;

/** A folder with what a person keeps, and their commands in it. */
class Life {
  readonly folder: string;
  settings: Record<string, string> = {};

  constructor(folder: string) {
    this.folder = folder;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Signs nobody out: each person has a session file of their own. */
  as(person: string): void {
    this.settings = { ...this.settings, TRILOCK_SESSION_FILE: this.path(`${person}.session`) };
  }

  async run(...words: string[]): Promise<{ status: number | string; output: string }> {
    const command = trilock(words, this.settings);
    const status = await command.ended;
    return { status, output: command.output() };
  }

  async done(...words: string[]): Promise<string> {
    const { status, output } = await this.run(...words);
    expect(output, words.join(' ')).not.toMatch(/^trilock: /m);
    expect(status, words.join(' ')).toBe(0);
    return output;
  }

  async client(...words: string[]): Promise<Json> {
    return JSON.parse(await this.done('client', ...words, '--json')) as Json;
  }

  async until(fits: (seen: Json) => boolean, ...words: string[]): Promise<Json> {
    for (;;) {
      const seen = await this.client(...words);
      if (fits(seen)) return seen;
      await sleep(300);
    }
  }
}

async function begin(): Promise<Life> {
  const folder = await mkdtemp(join(tmpdir(), 'trilock-life-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const life = new Life(folder);
  await writeFile(life.path('passphrase'), PASSPHRASE);
  await writeFile(life.path('password'), 'correct horse battery staple\n');
  const data = { TRILOCK_DATA_DIRECTORY: life.path('sandbox') };
  const sandbox = trilock(['sandbox'], { ...data, TRILOCK_HTTP_PORT: '0' });
  await sandbox.said(/is ready/);
  life.settings = data;
  const exported = await life.done('sandbox', 'env');
  const pairs = [...exported.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  life.settings = { ...data, ...(Object.fromEntries(pairs) as Record<string, string>) };
  return life;
}

async function becomeCustomer(life: Life, name: string): Promise<string> {
  life.as(name);
  const password = ['--password-file', life.path('password')];
  await life.client('register', '--email', `${name}@example.com`, '--name', name, ...password);
  return (await life.client('sign-in', '--email', `${name}@example.com`, ...password))['id'] as string;
}

async function openVault(life: Life, customer: string): Promise<{ wallet: string; credential: string }> {
  const passphrase = ['--passphrase-file', life.path('passphrase')];
  await life.client('credentials', 'create', '--out', life.path('ada.pem'), ...passphrase);
  const pinned = await life.client(
    ...['credentials', 'pin', '--key', life.path('ada.pem'), '--customer', customer, '--network', 'regtest'],
    ...['--out', life.path('pin.json'), ...passphrase],
  );
  await life.client('credentials', 'add', life.path('pin.json'), '--label', 'Laptop');
  await life.done(
    ...['customer-key', 'create', '--network', 'regtest', '--name', 'Ada', '--out', life.path('own.json')],
    ...['--credential-key', life.path('ada.pem'), '--credential-passphrase-file', life.path('passphrase')],
    ...['--attestation', life.path('own.pub.json'), ...passphrase],
  );
  const plan = ['--plan', 'collaborative', '--key', life.path('own.pub.json')];
  const { id } = await life.client('wallets', 'open', '--label', 'Savings', ...plan);
  await life.until(({ state }) => state === 'open', 'wallets', 'show', String(id));
  await life.client('wallets', 'registration', String(id), '--out', life.path('savings.json'));
  return { wallet: String(id), credential: String(pinned['credential']) };
}

async function bePaid(life: Life, wallet: string): Promise<void> {
  const vault = await life.client('addresses', 'new', '--wallet', wallet);
  await life.client('addresses', 'verify', String(vault['address']));
  const spending = await life.client('addresses', 'new', '--spending');
  await life.done('sandbox', 'pay', String(vault['address']), '50000000');
  await life.done('sandbox', 'pay', String(spending['address']), '30000000');
  await life.done('sandbox', 'mine', '6');
  const bothCredited = ({ items }: Json): boolean => (items as Json[]).length === 2;
  await life.until(bothCredited, 'deposits', 'list', '--state', 'credited');
}

async function signBundle(life: Life): Promise<void> {
  let files: string[] = [];
  while (files.length === 0) {
    await life.client('bundles', 'fetch', life.path('bundles'));
    files = await readdir(life.path('bundles'));
  }
  const words = [
    ...['customer', 'sign', join(life.path('bundles'), files[0] ?? ''), '--key', life.path('own.json')],
    ...[
      '--registration',
      life.path('savings.json'),
      '--first-hash',
      life.settings['TRILOCK_FIRST_MANIFEST'] ?? '',
    ],
    ...['--manifest', join(life.settings['TRILOCK_MANIFEST_DIRECTORY'] ?? '', 'manifest-1.json')],
    ...['--out', life.path('signed.json'), '--passphrase-file', life.path('passphrase')],
  ];
  const refused = await life.run(...words, '--confirm', 'none');
  expect(refused.status).not.toBe(0);
  const fee = /The fee is 0\.([0-9]{8}) BTC/.exec(refused.output)?.[1] ?? '';
  await life.done(...words, '--confirm', String(20_000_000 + Number(fee)).slice(-4));
  await life.client('bundles', 'submit', life.path('signed.json'));
}

async function withdraw(life: Life, credential: string): Promise<Json> {
  const asked = await life.client(
    ...['withdrawals', 'ask', '--from', 'vault', '--to', PAYEE, '--amount', '20000000', '--memo', 'rent'],
    ...['--out', life.path('draft.json')],
  );
  const confirm = ['--confirm', String(asked['intentHash']).slice(0, 8)];
  const passphrase = ['--passphrase-file', life.path('passphrase')];
  // What it shows goes to standard error, so this is not read as JSON.
  await life.done(
    ...['client', 'withdrawals', 'sign', life.path('draft.json'), '--key', life.path('ada.pem')],
    ...['--credential', credential, '--out', life.path('signature.json'), ...confirm, ...passphrase],
  );
  const id = String(asked['id']);
  await life.client('withdrawals', 'submit', id, life.path('signature.json'));
  life.as('approver');
  const secret = join(life.path('sandbox'), 'secrets/staff-password');
  const { id: intent } = asked['intent'] as Json;
  await life.client('sign-in', '--staff', '--email', 'approver-1@sandbox.example', '--password-file', secret);
  await life.until(({ state }) => state === 'open', 'approvals', 'show', String(intent));
  await life.done(
    ...['client', 'approvals', 'approve', String(intent), '--key', APPROVER_KEY, ...confirm, ...passphrase],
  );
  life.as('ada');
  await signBundle(life);
  await life.until(({ state }) => state === 'broadcast', 'withdrawals', 'show', id);
  await life.done('sandbox', 'mine', '6');
  return life.until(({ state }) => state === 'confirmed', 'withdrawals', 'show', id);
}

it('a customer registers, is paid, pays, withdraws with an own key, and leaves, by commands alone', async () => {
  const life = await begin();
  const ben = await becomeCustomer(life, 'ben');
  const ada = await becomeCustomer(life, 'ada');
  const { wallet, credential } = await openVault(life, ada);
  await bePaid(life, wallet);
  await life.client('transfers', 'send', '--to', ben, '--amount', '5000000', '--memo', 'lunch');
  const withdrawal = await withdraw(life, credential);
  const balances = (await life.client('balances')) as { spending: Json; vaults: { balance: Json }[] };
  expect(balances.spending['available']).toBe('25000000');
  const left = 50_000_000n - BigInt(String(withdrawal['leftWallet']));
  expect(balances.vaults[0]?.balance['available']).toBe(left.toString());
  const { events } = (await life.client('events', '--limit', '500')) as { events: { type: string }[] };
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['customer.created', 'wallet.opened', 'deposit.credited', 'withdrawal.confirmed']),
  );
  const poor = await life.run(
    'client',
    'transfers',
    'send',
    '--to',
    ben,
    '--amount',
    '99999999999',
    '--json',
  );
  expect(poor.status).toBe(1);
  expect(poor.output).toContain('"code": "insufficient_funds"');
  const key = ['--label', 'Books', '--scope', 'wallets:read', '--password-file', life.path('password')];
  await life.client('api-keys', 'create', ...key, '--out', life.path('key'));
  expect((await readFile(life.path('key'), 'utf8')).trim()).toMatch(/^\S{16,}$/);
  await life.client('sign-out');
  expect((await life.run('client', 'balances')).status).toBe(77);
  life.settings = { ...life.settings, TRILOCK_API_KEY_FILE: life.path('key') };
  expect(await life.client('balances')).toMatchObject({ customerId: ada });
});

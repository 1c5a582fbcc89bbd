// Every command that reads a file meets every kind of file that it should not be given.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, type Outcome } from './support/run-command.ts';
import { trilock } from './support/trilock-process.ts';

const KEYS = join(import.meta.dirname, '../../keys/demo');
const GIGABYTE = 1024 ** 3;
const ID = '01jd1f0v00e008000000000001';
const HASH = 'ab'.repeat(32);

let folder: string;
let outside: string;
let passphrase: string;

/** Nothing listens at any of these: a file that is wrong is told before anybody is called. */
const SETTINGS: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/db',
  TRILOCK_NETWORK: 'regtest',
  TRILOCK_LEDGER_SOCKET: '/nowhere/ledger',
  TRILOCK_SIGNER_SOCKET: '/nowhere/signer',
  TRILOCK_URL: 'http://127.0.0.1:1',
};

beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), 'trilock-bad-'));
  folder = join(outside, 'out');
  await mkdir(folder);
  passphrase = join(outside, 'passphrase');
  await writeFile(passphrase, 'trilock demo passphrase, not a secret');
  await writeFile(join(outside, 'empty'), '');
  await writeFile(join(outside, 'malformed'), '{"manifest": ');
  await writeFile(join(outside, 'bytes'), Buffer.from([0xff, 0xfe, 0x00, 0x80]));
  await writeFile(join(outside, 'something-else'), '{"hello": "world"}');
  await writeFile(join(outside, 'deep'), '['.repeat(200_000));
  await mkdir(join(outside, 'directory'));
  await symlink(join(outside, 'something-else'), join(outside, 'link'));
  execFileSync('mkfifo', [join(outside, 'pipe')]);
  const huge = await open(join(outside, 'huge'), 'w');
  await huge.truncate(GIGABYTE);
  await huge.close();
});
afterAll(() => rm(outside, { recursive: true, force: true }));

const BAD = [
  'missing',
  'empty',
  'malformed',
  'bytes',
  'something-else',
  'deep',
  'directory',
  'link',
  'pipe',
  'huge',
];

const key = (name: string): string => join(KEYS, `DEMO-${name}.pem`);
const out = (): string => join(folder, 'written.json');
const signing = (): string[] => ['--passphrase-file', passphrase, '--out', out()];

/** The words of each command around the file that is wrong. */
const COMMANDS: readonly (readonly [string, (file: string) => readonly string[]])[] = [
  [
    'approve',
    (file) => ['approve', file, '--approver', `stf_${ID}`, '--key', key('approver-1'), ...signing()],
  ],
  ['manifest draft', (file) => ['manifest', 'draft', file, '--network', 'regtest', '--out', out()]],
  [
    'manifest sign',
    (file) => ['manifest', 'sign', file, '--officer', `stf_${ID}`, '--key', key('officer-1'), ...signing()],
  ],
  ['manifest verify', (file) => ['manifest', 'verify', file, '--first-hash', HASH]],
  ['manifest verify --previous', (file) => ['manifest', 'verify', file, '--previous', file]],
  [
    'customer sign',
    (file) => [
      ...['customer', 'sign', file, '--registration', file, '--manifest', file, '--first-hash', HASH],
      ...['--key', file, ...signing()],
    ],
  ],
  [
    'customer-key create',
    (file) => [
      ...['customer-key', 'create', '--network', 'regtest', '--name', 'Ada', '--credential-key', file],
      ...['--credential-passphrase-file', passphrase, '--attestation', join(folder, 'att'), ...signing()],
    ],
  ],
  [
    'client credentials pin',
    (file) => [
      ...['client', 'credentials', 'pin', '--key', file, '--customer', `cus_${ID}`, '--network', 'regtest'],
      ...signing(),
    ],
  ],
  ['client credentials add', (file) => ['client', 'credentials', 'add', file, '--label', 'Key']],
  [
    'client withdrawals sign',
    (file) => [
      ...['client', 'withdrawals', 'sign', file, '--key', key('customer-1'), '--credential', `crd_${ID}`],
      ...signing(),
    ],
  ],
  ['client withdrawals submit', (file) => ['client', 'withdrawals', 'submit', `wd_${ID}`, file]],
  ['client bundles submit', (file) => ['client', 'bundles', 'submit', file]],
  ['client approvals submit', (file) => ['client', 'approvals', 'submit', `int_${ID}`, file]],
  ['pool import', (file) => ['pool', 'import', file]],
  ['withdrawals import', (file) => ['withdrawals', 'import', file]],
  ['recover check', (file) => ['recover', 'check', file]],
  ['recover files', (file) => ['recover', 'files', file, '--out', folder]],
  [
    'drill prove',
    (file) => [
      ...['drill', 'prove', file, '--site', folder, '--name', 'a', '--role', 'cold', '--out', out()],
      ...['--master', key('cold-master-a'), '--master-passphrase-file', passphrase],
    ],
  ],
  ['drill device', (file) => ['drill', 'device', file, '--role', 'cold']],
  ['drill record', (file) => ['drill', 'record', file]],
  ['station load-manifest', (file) => ['station', 'load-manifest', file, file]],
  ['station register-wallet', (file) => ['station', 'register-wallet', file, file]],
  [
    'station device import',
    (file) => ['station', 'device', 'import', file, file, '--name', 'a', ...signing()],
  ],
  [
    'customer-key device',
    (file) => ['customer-key', 'device', '--network', 'regtest', '--name', 'Ada', '--export', file],
  ],
  ['signer-admin load-manifest', (file) => ['signer-admin', 'load-manifest', file]],
  ['signer-admin resume', (file) => ['signer-admin', 'resume', file]],
  [
    'verify-withdrawal --evidence',
    (file) => [
      ...['verify-withdrawal', `wd_${ID}`, '--evidence', file, '--manifest', file],
      ...['--first-hash', '5d'.repeat(32)],
    ],
  ],
  [
    'audit verify --checkpoint',
    (file) => ['audit', 'verify', '--checkpoint', file, '--signer-key', '5d'.repeat(32)],
  ],
];

const outcomeOf = (words: readonly string[]): Promise<Outcome> =>
  runCommand(words, { ...SETTINGS, TRILOCK_SESSION_FILE: join(folder, 'nobody.json') });

describe.each(COMMANDS)('%s', (_name, words) => {
  it.each(BAD)('refuses a file that is %s in one line, and writes nothing', async (kind) => {
    const { status, lines } = await outcomeOf(words(join(outside, kind)));
    expect(status).toBeGreaterThan(0);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^trilock: |: REFUSED: /);
    expect(lines[0]?.length).toBeLessThan(400);
    expect(lines[0]).not.toMatch(/TypeError|undefined|\[object|at file:|secret@/);
    expect(await readdir(folder)).toEqual([]);
  });
});

it('a gigabyte is refused without being read, by a process of its own', async () => {
  const process = trilock(['pool', 'import', join(outside, 'huge')], {
    ...SETTINGS,
    NODE_OPTIONS: '--max-old-space-size=200',
    TRILOCK_URL: '',
    TRILOCK_SIGNER_SOCKET: '',
  });
  expect(await process.ended).toBe(1);
  expect(process.output()).toMatch(/^trilock: .*huge: It is larger than it may be\.\n$/);
});

it('what exists is never overwritten', async () => {
  const existing = join(outside, 'something-else');
  const { status, lines } = await outcomeOf([
    ...['client', 'credentials', 'pin', '--key', key('customer-1'), '--passphrase-file', passphrase],
    ...['--customer', `cus_${ID}`, '--network', 'regtest', '--out', existing],
  ]);
  expect(status).toBeGreaterThan(0);
  expect(lines).toEqual([expect.stringMatching(/It exists already, and nothing is ever overwritten/)]);
});

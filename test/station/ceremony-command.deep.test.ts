import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyAttestation } from '../../src/intents/index.ts';
import { temporaryRoot } from './offices.ts';

const LAUNCHER = join(import.meta.dirname, '../../src/main/trilock.mjs');
const PASSPHRASE = 'marble otter kiosk vivid lunar fence';

let root: string;
const path = (name: string): string => join(root, name);

async function trilock(...words: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, [LAUNCHER, ...words])).stdout;
}

beforeAll(async () => {
  root = await temporaryRoot();
  await writeFile(path('passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('the first setup of an institution, with keys made for it', () => {
  it('goes from a ceremony of two masters and three share holders to a pool', async () => {
    const answers = {
      plan: {
        institution: 'Bank of Examples',
        network: 'mainnet',
        rootKeeper: 'Rita',
        officers: [
          { person: 'Anna', role: 'cold-master-a' },
          { person: 'Bert', role: 'cold-master-b' },
        ],
        disaster: { threshold: 3, holders: ['Anna', 'Bert', 'Carl'] },
      },
      passphraseFiles: Object.fromEntries(
        ['Rita', 'Anna', 'Bert', 'Carl'].map((person) => [person, path('passphrase')]),
      ),
    };
    await writeFile(path('answers.json'), JSON.stringify(answers));
    const held = await trilock('station', 'ceremony', path('held'), '--answers', path('answers.json'));
    expect(held).toContain('cold-master-b: Bert');
    const checked = await trilock('station', 'check-ceremony', path('held/public'));
    expect(checked).toContain('Every certificate and the list are the root’s.');
    expect(await readdir(path('held/private'))).toHaveLength(6);
    if (spawnSync('openssl', ['version']).status === 0) {
      const words = ['pkcs12', '-in', path('held/private/cold-master-a.p12'), '-noout'];
      const opened = spawnSync('openssl', [...words, '-passin', `file:${path('passphrase')}`]);
      expect(opened.status).toBe(0);
      const chain = ['verify', '-CAfile', path('held/public/root.crt.pem')];
      expect(spawnSync('openssl', [...chain, path('held/public/cold-master-a.crt.pem')]).status).toBe(0);
    }
    for (const site of ['site-1', 'site-2']) await mkdir(path(site));
    await trilock(
      ...[
        'station',
        'init',
        path('station'),
        '--role',
        'cold',
        '--name',
        'cold vault',
        '--network',
        'mainnet',
      ],
      ...['--root', path('held/public/root.crt.pem')],
      ...['--inner-master', path('held/public/cold-master-a.crt.pem')],
      ...['--outer-master', path('held/public/cold-master-b.crt.pem')],
      ...['--disaster-key', path('held/public/disaster.pub.pem')],
      ...['--site', path('site-1'), path('site-2'), '--passphrase-file', path('passphrase')],
    );
    await trilock(
      ...['station', 'generate', path('station'), '--count', '3', '--out', path('pool.json')],
      ...['--passphrase-file', path('passphrase')],
    );
    const pool = JSON.parse(await readFile(path('pool.json'), 'utf8')) as KeyAttestation[];
    expect(pool).toHaveLength(3);
    const site = await readdir(path('site-2'));
    expect(site.filter((name) => name.endsWith('.envelope'))).toHaveLength(3);
    expect(site.filter((name) => name.endsWith('.disaster'))).toHaveLength(3);
    expect(await trilock('station', 'verify-backups', path('station'))).toContain('is whole');
  });
});

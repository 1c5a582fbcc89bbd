import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
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

/** A ceremony without a terminal: lines of answers, as people would type them. */
async function ceremonyBy(answers: readonly string[], ...words: string[]) {
  const [node, ...rest] = [process.execPath, LAUNCHER, 'station', 'ceremony', ...words, '--stdin'];
  const child = spawn(node, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { out: '', asked: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.asked += text));
  const pending = [...answers];
  let answered = 0;
  let typed = 0;
  const poll = setInterval(() => {
    const questions = [...said.asked.matchAll(/^(.*): $/gm)];
    const question = questions[answered]?.[1];
    if (question === undefined) return;
    // The last word of a fingerprint cannot be prepared: it is read from what was shown.
    const isWord = question.includes('Type the last word');
    const shown = [...said.out.matchAll(/^ {2}(?:[a-z]+ ){11}([a-z]+)$/gm)];
    if (isWord && shown.length <= typed) return;
    child.stdin.write(`${isWord ? (shown[typed++]?.[1] ?? '') : (pending.shift() ?? '')}\n`);
    answered++;
  }, 20);
  const [status] = (await once(child, 'close')) as [number];
  clearInterval(poll);
  return { status, output: said.out + said.asked, left: pending.length };
}

describe('a ceremony without a terminal, answered on standard input', () => {
  const plan = [
    ...['Bank of Examples', 'regtest', 'Rita', ''],
    // Cold masters A and B; nobody for the others; no manifest officers; no disaster key.
    ...['Anna', 'Bert', '', '', '', '', '', ''],
  ];
  const twice = [PASSPHRASE, PASSPHRASE];

  it('is held step by step, and weak or differing passphrases are asked for again', async () => {
    const weak = ['qwertyuiop asdfghjkl', 'qwertyuiop asdfghjkl'];
    const held = await ceremonyBy([...plan, ...twice, ...weak, ...twice, ...twice], path('typed'));
    expect(held).toMatchObject({ status: 0, left: 0 });
    expect(held.output).toContain('The passphrase of an officer has at least 16 characters');
    expect(held.output).not.toContain(PASSPHRASE);
    expect((await readdir(path('typed/private'))).sort()).toEqual([
      'cold-master-a.p12',
      'cold-master-b.p12',
      'root.p12',
    ]);
  });

  it('ends after three wrong passphrases of the root, with one constant message and nothing written', async () => {
    const more = ['Bank of Examples', 'regtest', '', '', '', '', '', '', '', 'Otto', '', ''];
    const refused = await ceremonyBy(
      [...more, 'a wrong passphrase', 'another wrong one', 'and a third one', PASSPHRASE],
      path('again'),
      ...['--root', path('typed/private/root.p12')],
    );
    expect(refused.status).not.toBe(0);
    const message = 'The passphrase is wrong, or the file is damaged.';
    expect(refused.output.split(message)).toHaveLength(4);
    expect(refused.left).toBe(1);
    expect(await readdir(root)).not.toContain('again');
  });

  it('ends when the answers do, with nothing written', async () => {
    const [node, ...rest] = [process.execPath, LAUNCHER, 'station', 'ceremony', path('cut'), '--stdin'];
    const cut = spawnSync(node, rest, { input: 'Bank of Examples\nregtest\n', encoding: 'utf8' });
    expect(cut.status).not.toBe(0);
    expect(cut.stderr).toContain('The answers on standard input ended at a question.');
    expect(await readdir(root)).not.toContain('cut');
  });
});

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

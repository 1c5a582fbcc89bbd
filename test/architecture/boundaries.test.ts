import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const rules = join(import.meta.dirname, 'rules.cjs');

interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { from: string; to: string; rule: { name: string } }[];
  };
}

async function cruise(folder: string): Promise<Cruise['summary']> {
  const command = [cruiser, '--config', rules, '--output-type', 'json', 'src'];
  // The process exits with the number of violations, so a failure status is an answer here, not an error.
  const { stdout } = await run(process.execPath, command, { cwd: folder, maxBuffer: 2 ** 28 }).catch(
    (failure: unknown) => failure as { stdout: string },
  );
  return (JSON.parse(stdout) as Cruise).summary;
}

describe('the arrows of the house', () => {
  let house: string;

  beforeAll(async () => {
    await mkdir(join(root, '.cache'), { recursive: true });
    house = await mkdtemp(join(root, '.cache/house-'));
    await writeFile(join(house, 'tsconfig.json'), '{"compilerOptions":{"module":"NodeNext"}}');
  });

  afterAll(() => rm(house, { recursive: true, force: true }));

  async function rulesBrokenBy(files: Readonly<Record<string, string>>): Promise<string[]> {
    await rm(join(house, 'src'), { recursive: true, force: true });
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(house, path)), { recursive: true });
      await writeFile(join(house, path), text);
    }
    return (await cruise(house)).violations.map((found) => found.rule.name);
  }

  it('hold in the whole product', async () => {
    const { totalCruised, violations } = await cruise(root);
    expect(violations).toEqual([]);
    expect(totalCruised).toBeGreaterThan(10);
  });

  it.each([
    ['a lower folder imports a higher one', 'arrows-of-shared', 'src/shared/a.ts', '../wallets/index.ts'],
    ['a context goes behind another face', 'public-face', 'src/wallets/a.ts', '../identity/hidden.ts'],
    ['the station opens a socket', 'offline-station', 'src/station/a.ts', 'node:net'],
    ['the station reads the database', 'arrows-of-station', 'src/station/a.ts', '../postgres/index.ts'],
    ['the signer trusts the app’s database', 'arrows-of-signer', 'src/signer/a.ts', '../database/index.ts'],
    ['a context goes around the log', 'ledger-through-its-client', 'src/freeze/a.ts', '../ledger/index.ts'],
    ['a page imports a server file', 'web-sees-contracts', 'src/web/a.ts', '../withdrawals/store.ts'],
    ['bitcoin code touches the disk', 'pure-folders', 'src/bitcoin/a.ts', 'node:fs'],
  ])('fail when %s', async (_case, rule, from, to) => {
    const files: Record<string, string> = { [from]: `import * as x from '${to}';\nexport const y = x;\n` };
    if (to.startsWith('.')) files[join(dirname(from), to)] = 'export const z = 1;\n';
    expect(await rulesBrokenBy(files)).toContain(rule);
  });

  it('fail when two files import each other', async () => {
    const broken = await rulesBrokenBy({
      'src/shared/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
      'src/shared/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
    });
    expect(broken).toContain('no-cycles');
  });

  it('let a right import pass', async () => {
    const broken = await rulesBrokenBy({
      'src/bitcoin/a.ts': "import { z } from '../shared/index.ts';\nexport const y = z;\n",
      'src/shared/index.ts': 'export const z = 1;\n',
    });
    expect(broken).toEqual([]);
  });
});

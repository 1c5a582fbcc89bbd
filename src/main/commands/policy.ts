import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { openDatabase } from '../../database/index.ts';
import { importSanctions, readSanctionsFile } from '../../policy/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { systemClock } from '../../shared/index.ts';
import { COMMAND_LINE } from '../../wallets/index.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';

async function importFile(file: string, { allowShrink }: { readonly allowShrink?: true }): Promise<void> {
  const { DATABASE_URL: url, TRILOCK_NETWORK: network } = loadSettings('policy', process.env);
  const list = await readSanctionsFile(createReadStream(file));
  const database = openDatabase(parsePostgresUrl(url), { applicationName: 'trilock policy' });
  try {
    const parts = { database, clock: systemClock, network };
    const done = await importSanctions(parts, list, COMMAND_LINE, { allowShrink: allowShrink === true });
    process.stdout.write(`${JSON.stringify(done, null, 2)}\n`);
  } finally {
    await database.$disconnect();
  }
}

/** `trilock policy …` */
export function registerPolicyTools(trilock: Command): void {
  const policy = trilock
    .command('policy')
    .description('lists that the policy asks (its rules: trilock client policy)')
    .addHelpText('after', settingsHelp('policy'));
  policy
    .command('import-sanctions <file>')
    .description(
      'make a published sanctions list the one in force: SDN.XML of the US Treasury’s OFAC, whose bitcoin addresses ' +
        'are blocked from then on and looked for in past payments',
    )
    .option('--allow-shrink', 'though it names far fewer addresses than the one before')
    .action(importFile);
}

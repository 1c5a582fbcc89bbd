import type { Command } from 'commander';
import { verifyAudit } from '../../audit/index.ts';
import { openDatabase } from '../../database/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';
import { readTrustedFile } from './trusted-file.ts';

async function verify(options: { readonly trusted?: string }): Promise<void> {
  const heads = await readTrustedFile(options.trusted);
  const trusted = heads.map(({ position, hash }) => ({ position: BigInt(position), hash }));
  const { DATABASE_URL: url } = loadSettings('audit', process.env);
  const database = openDatabase(parsePostgresUrl(url));
  try {
    const report = await verifyAudit(database, trusted);
    if (report.intact) {
      const { position, hash } = report.head;
      process.stdout.write(`intact: ${position} entries, ${report.unsealed} not sealed yet, head ${hash}\n`);
    } else {
      process.stdout.write(
        `${report.kind}: position ${report.position}, entry ${report.entryId ?? 'unknown'}\n`,
      );
      process.exitCode = 1;
    }
  } finally {
    await database.$disconnect();
  }
}

/** `trilock audit …` */
export function registerAudit(trilock: Command): void {
  const audit = trilock
    .command('audit')
    .description('check the audit log')
    .addHelpText('after', settingsHelp('audit'));
  audit
    .command('verify')
    .description('recompute the whole log; status 1 names the first entry that was tampered with')
    .option(
      '--trusted <file>',
      'JSON list of published heads, without which a complete rewriting stays hidden',
    )
    .action(verify);
}

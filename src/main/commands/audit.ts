import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { verifyAudit } from '../../audit/index.ts';
import { openDatabase } from '../../database/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { SharedError } from '../../shared/index.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';

const headsSchema = z.array(
  z.strictObject({
    position: z
      .string()
      .regex(/^[1-9][0-9]{0,18}$/)
      .transform(BigInt),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
  }),
);

async function trustedHeads(file: string | undefined) {
  if (file === undefined) return [];
  try {
    return headsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new SharedError('config_invalid', `${file} is not a list of {"position", "hash"}.`, { cause });
  }
}

async function verify(options: { readonly trusted?: string }): Promise<void> {
  const trusted = await trustedHeads(options.trusted);
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

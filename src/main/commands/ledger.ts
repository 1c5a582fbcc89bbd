import type { Command } from 'commander';
import type { LedgerFinding } from '../../ledger/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';
import { readTrustedFile } from './trusted-file.ts';

function findingLine({ part, sequence, record, reason }: LedgerFinding): string {
  const place = record === undefined ? `batch ${sequence}` : `batch ${sequence}, record ${record}`;
  return `${part}: ${place}: ${reason}`;
}

async function verify(options: { readonly trusted?: string }): Promise<void> {
  const heads = await readTrustedFile(options.trusted);
  const { TRILOCK_LEDGER_DATABASE_URL: url } = loadSettings('ledger-verify', process.env);
  // Not loaded with the commands of other roles.
  const { verifyLedgerDatabase } = await import('../../ledger/index.ts');
  const report = await verifyLedgerDatabase({
    database: parsePostgresUrl(url),
    trusted: heads.map(({ position, hash }) => ({
      sequence: Number(position),
      hash: Buffer.from(hash, 'hex'),
    })),
  });
  for (const finding of report.findings) process.stdout.write(`${findingLine(finding)}\n`);
  if (report.findings.length > 0) {
    process.exitCode = 1;
    return;
  }
  const head = Buffer.from(report.hash).toString('hex');
  process.stdout.write(
    `intact: ${report.batches} batches, ${report.records} records, head ${report.sequence} ${head}\n`,
  );
}

/** `trilock ledger verify`, below the role itself. */
export function registerLedgerVerify(ledger: Command): void {
  ledger
    .command('verify')
    .description('replay the whole log; status 1 names every altered batch and record')
    .option('--trusted <file>', 'JSON list of batches noted elsewhere: [{"position": "…", "hash": "…"}]')
    .addHelpText('after', settingsHelp('ledger-verify'))
    .action(verify);
}

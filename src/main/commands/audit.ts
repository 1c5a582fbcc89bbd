import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Option, type Command } from 'commander';
import { EXPORT_FORMATS, type ExportFormat } from '../../audit/export-contract.ts';
import { exportPeriod, verifyAudit, type AuditPeriod } from '../../audit/index.ts';
import { openDatabase, type Database } from '../../database/index.ts';
import { parseAuditCheckpoint, verifyAuditCheckpoint, type AuditCheckpoint } from '../../intents/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { idFromUuid, SharedError, systemClock } from '../../shared/index.ts';
import { readDocument } from '../../station/index.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function withDatabase(act: (database: Database) => Promise<void>): Promise<void> {
  const { DATABASE_URL: url } = loadSettings('audit', process.env);
  const database = openDatabase(parsePostgresUrl(url), { applicationName: 'trilock audit' });
  try {
    await act(database);
  } finally {
    await database.$disconnect();
  }
}

/** Ed25519, raw: 64 digits as `signer-admin status` prints it. @throws SharedError `config_invalid`. */
function signerKeyOf(text: string | undefined): string {
  if (text !== undefined && /^[0-9a-f]{64}$/.test(text)) {
    return Buffer.from(text, 'hex').toString('base64url');
  }
  throw new SharedError('config_invalid', '--signer-key is the signer’s public key, 64 hexadecimal digits.');
}

/** One checkpoint, a list, or a page of the API. */
function checkpointsIn(document: unknown): readonly AuditCheckpoint[] {
  const isPage = typeof document === 'object' && document !== null && 'items' in document;
  const items: unknown = isPage ? document.items : document;
  return Array.isArray(items) ? items.map(parseAuditCheckpoint) : [parseAuditCheckpoint(items)];
}

interface VerifyOptions {
  readonly checkpoint?: readonly string[];
  readonly signerKey?: string;
}

async function trustedHeads({ checkpoint: files = [], signerKey }: VerifyOptions) {
  if (files.length === 0) return [];
  const key = { algorithm: 'ed25519', raw: signerKeyOf(signerKey) } as const;
  const heads: { position: bigint; hash: string }[] = [];
  for (const file of files) {
    for (const checkpoint of checkpointsIn(await readDocument(file))) {
      await verifyAuditCheckpoint(checkpoint, [key]);
      const { position, head, previous } = checkpoint.statement;
      heads.push({ position: BigInt(position), hash: head });
      if (previous.position !== '0') heads.push({ position: BigInt(previous.position), hash: previous.head });
    }
  }
  return heads;
}

/** Everything up to the last kept checkpoint is proven; what came after rests on the database's own head. */
function coverage(heads: readonly { readonly position: bigint }[], end: bigint): string {
  const last = heads.reduce((highest, { position }) => (position > highest ? position : highest), 0n);
  if (last === 0n) return 'no checkpoint was given: a complete rewriting would stay hidden';
  return `proven up to position ${last}, ${end - last} after it`;
}

async function verify(options: VerifyOptions): Promise<void> {
  const trusted = await trustedHeads(options);
  await withDatabase(async (database) => {
    const report = await verifyAudit(database, trusted);
    if (report.intact) {
      const { position, hash } = report.head;
      say(`intact: ${position} entries, ${report.unsealed} not sealed yet, head ${hash}`);
      say(coverage(trusted, position));
      return;
    }
    const entry = report.entryId === null ? 'unknown' : idFromUuid('audit', report.entryId);
    say(`${report.kind}: position ${report.position ?? 'none'}, entry ${entry}`);
    if (report.kind === 'rewritten') say('The entries up to here are not those that the signer attested.');
    process.exitCode = 1;
  });
}

interface ExportOptions {
  readonly from: string;
  readonly to?: string;
  readonly format: ExportFormat;
  readonly out?: string;
}

/** A day or an instant, UTC. @throws SharedError `config_invalid`. */
function instantOf(text: string): Date {
  const isWhole = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/.test(text);
  const date = new Date(text);
  if (isWhole && !Number.isNaN(date.getTime())) return date;
  throw new SharedError('config_invalid', `${text} is neither a day (2026-01-31) nor an instant in UTC.`);
}

async function exportLog({ from, to, format, out }: ExportOptions): Promise<void> {
  const period: AuditPeriod = {
    from: instantOf(from),
    to: to === undefined ? new Date(systemClock.nowMs()) : instantOf(to),
  };
  await withDatabase(async (database) => {
    const lines = Readable.from(exportPeriod(database, period, format));
    if (out === undefined) await pipeline(lines, process.stdout, { end: false });
    else await pipeline(lines, createWriteStream(out, { flags: 'wx', mode: 0o600 }));
  });
}

/** `trilock audit …` */
export function registerAudit(trilock: Command): void {
  const audit = trilock
    .command('audit')
    .description('check the audit log, and give it out')
    .addHelpText('after', settingsHelp('audit'));
  audit
    .command('verify')
    .description('recompute the whole log; status 1 names the first entry that was tampered with')
    .option(
      '--checkpoint <file...>',
      'checkpoints that were published and kept elsewhere, without which a complete rewriting stays hidden',
    )
    .option('--signer-key <hex>', 'the public key of the signer that signed them')
    .action(verify);
  audit
    .command('export')
    .description('the entries of a period by the time of their sealing, as they stand')
    .requiredOption('--from <time>', 'a day or an instant in UTC, included')
    .option('--to <time>', 'not included; now unless told')
    .addOption(new Option('--format <format>', 'how').choices(EXPORT_FORMATS).default('jsonl'))
    .option('--out <file>', 'a new file, instead of standard output')
    .action(exportLog);
}

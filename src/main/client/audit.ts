import { open, type FileHandle } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import * as contract from '../../audit/audit-contract.ts';
import { EXPORT_FORMATS, exportHeading, exportLine, type ExportFormat } from '../../audit/export-contract.ts';
import { writeDocument } from '../../station/index.ts';
import { acts, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { done, page, type Shown } from './output.ts';

interface Period {
  readonly from?: string;
  readonly to?: string;
}

function periodOf({ from, to }: Period) {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

async function list(
  { api }: Connection,
  options: Period & { readonly limit?: string; readonly after?: string },
): Promise<Shown> {
  const query = { ...pageOptions(options), ...periodOf(options) };
  const columns = ['position', 'when', 'who', 'how', 'what', 'of', 'why'];
  return page(await api.call(contract.listAuditEntries, { query }), columns, ({ position, entry }) => [
    position,
    entry.occurredAt,
    entry.actor,
    entry.strength,
    entry.action,
    entry.entity,
    entry.reason,
  ]);
}

async function writeAll({ api }: Connection, options: ExportOptions, file: FileHandle): Promise<number> {
  let written = 0;
  let after: string | undefined;
  await file.write(exportHeading(options.format));
  do {
    const query = { ...periodOf(options), limit: '200', ...(after === undefined ? {} : { after }) };
    const { items, nextCursor } = await api.call(contract.listAuditEntries, { query });
    for (const { sealedAt, ...entry } of items) {
      await file.write(exportLine(options.format, { ...entry, sealedAt: new Date(sealedAt) }));
    }
    written += items.length;
    after = nextCursor ?? undefined;
  } while (after !== undefined);
  return written;
}

interface ExportOptions extends Period {
  readonly format: ExportFormat;
  readonly out: string;
}

async function exportEntries(connection: Connection, options: ExportOptions): Promise<Shown> {
  const file = await open(options.out, 'wx', 0o600);
  try {
    return done(`${await writeAll(connection, options, file)} entries written to ${options.out}.`);
  } finally {
    await file.close();
  }
}

async function checkpoints(
  { api }: Connection,
  options: { readonly limit?: string; readonly after?: string; readonly out?: string },
): Promise<Shown> {
  const answer = await api.call(contract.listAuditCheckpoints, { query: pageOptions(options) });
  if (options.out !== undefined) await writeDocument(options.out, answer.items);
  return page(answer, ['position', 'head', 'attested'], ({ statement }) => [
    statement.position,
    statement.head,
    statement.attestedAt,
  ]);
}

/** The audit log, for auditors. */
export function registerAuditCommands(client: Command): void {
  const audit = client.command('audit').description('for auditors: who did what');
  const period = (command: Command): Command =>
    command
      .option('--from <instant>', 'sealed at or after; the beginning unless told')
      .option('--to <instant>', 'sealed before; now unless told');
  lists(period(audit.command('list').description('in the order of the chain')), list);
  acts(
    period(audit.command('export').description('all of a period into a file'))
      .addOption(new Option('--format <format>', 'how').choices(EXPORT_FORMATS).default('jsonl'))
      .requiredOption('--out <file>', 'a new file'),
    exportEntries,
  );
  lists(
    audit
      .command('checkpoints')
      .description('what the signer attested, newest first; for anybody, to be kept')
      .option('--out <file>', 'write this page to a new file, for `trilock audit verify`'),
    checkpoints,
  );
}

import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import * as contract from '../../freeze/evidence-contract.ts';
import { MAX_EVIDENCE_BYTES, type EvidenceType } from '../../freeze/evidence-types-contract.ts';
import { readRegularFile, writeNewFile } from '../../keyring/index.ts';
import { SharedError } from '../../shared/index.ts';
import type { AnswerOf } from './api-client.ts';
import { acts, changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';

const TYPES: Readonly<Record<string, EvidenceType>> = {
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.txt': 'text/plain',
};

type Head = AnswerOf<typeof contract.attachEvidence>;

function facts({ id, restriction, name, mediaType, bytes, sha256, addedBy, addedAt }: Head) {
  return { evidence: id, restriction, name, type: mediaType, bytes, sha256, by: addedBy, at: addedAt };
}

async function add({ api }: Connection, _options: object, restrictionId = '', file = ''): Promise<Shown> {
  const mediaType = TYPES[extname(file).toLowerCase()];
  if (mediaType === undefined) {
    throw new SharedError('config_invalid', `${file}: Only ${Object.keys(TYPES).join(', ')} are taken.`);
  }
  const bytes = await readRegularFile(file, { maxBytes: MAX_EVIDENCE_BYTES });
  const body = { name: basename(file), mediaType, content: bytes.toString('base64') };
  return one(await api.call(contract.attachEvidence, { params: { restrictionId }, body }), facts);
}

async function list({ api }: Connection, _options: object, restrictionId = ''): Promise<Shown> {
  const found = await api.call(contract.listEvidence, { params: { restrictionId } });
  const columns = ['evidence', 'name', 'type', 'bytes', 'by', 'at'];
  return page(found, columns, (it) => [it.id, it.name, it.mediaType, it.bytes, it.addedBy, it.addedAt]);
}

async function fetchFile(
  { api }: Connection,
  { out }: { readonly out: string },
  evidenceId = '',
): Promise<Shown> {
  const { content, ...head } = await api.call(contract.readEvidence, { params: { evidenceId } });
  await writeNewFile(out, Buffer.from(content, 'base64'));
  return one(head, facts);
}

/** Files that say why an account is restricted. */
export function registerEvidence(client: Command): void {
  const group = client
    .command('evidence')
    .description('for staff: files that say why an account is restricted');
  changes(
    group
      .command('add <restriction> <file>')
      .description('attach a PDF, PNG, JPEG or text file; it is kept for good'),
    add,
  );
  acts(group.command('list <restriction>').description('what is attached; oldest first'), list);
  acts(
    group
      .command('fetch <evidence>')
      .description('write a file as it was attached; who reads it is on record')
      .requiredOption('--out <file>', 'where it goes'),
    fetchFile,
  );
}

import type { Command } from 'commander';
import {
  explainIntent,
  intentHash,
  parseIntent,
  statementDigest,
  toBase64Url,
  type Approval,
  type Intent,
} from '../../intents/index.ts';
import { signWithMaster } from '../../keyring/index.ts';
import { isoTime, parseId, systemClock } from '../../shared/index.ts';
import { readDocument, writeDocument } from '../../station/index.ts';
import { confirmHash } from '../terminal/confirm-hash.ts';
import { delegationIn } from '../terminal/delegation-file.ts';
import { openKeyFile } from '../terminal/key-files.ts';

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

interface ApproveOptions {
  readonly approver: string;
  readonly key: string;
  readonly passphraseFile?: string;
  readonly reject?: string;
  readonly delegation?: string;
  readonly confirm?: string;
  readonly out: string;
}

/** An intent by itself, or within what the API answers about it. */
function intentIn(document: unknown): Intent {
  const isDetail = typeof document === 'object' && document !== null && 'intent' in document;
  return parseIntent(isDetail ? document.intent : document);
}

async function approve(file: string, options: ApproveOptions): Promise<void> {
  const intent = intentIn(await readDocument(file));
  const hash = intentHash(intent);
  const word = options.reject === undefined ? 'approve' : 'reject';
  await confirmHash(explainIntent(intent), hash, word, options.confirm);
  const { named, carried } = await delegationIn(options.delegation);
  const key = await openKeyFile(options.key, 'your approver’s key', options.passphraseFile);
  const statement: Approval['statement'] = {
    purpose: 'approval',
    intentHash: hash,
    decision: word,
    approver: parseId('staff', options.approver),
    signedAt: isoTime(systemClock.nowMs()),
    ...(options.reject === undefined ? {} : { reason: options.reject }),
    ...named,
  };
  const signature = toBase64Url(signWithMaster(key, statementDigest(statement)));
  const signed = { statement, signature: { algorithm: 'rsa-pss-sha256', signature } };
  await writeDocument(options.out, { ...signed, ...carried });
  say(`Signed: ${options.out}; hand it in at /v1/intents/${intent.id}/approvals`);
}

/** `trilock approve`: says what an intent is from its own bytes, and signs; it needs no network. */
export function registerApprove(trilock: Command): void {
  trilock
    .command('approve <intent>')
    .description('read an intent, show what it does, and sign your approval or rejection with your key file')
    .requiredOption('--approver <id>', 'your id in the manifest, stf_…')
    .requiredOption('--key <file>', 'your key file')
    .requiredOption('--out <file>', 'where the signed word goes')
    .option('--reject <reason>', 'reject instead, and say why')
    .option('--delegation <file>', 'approve in the place of whoever signed it')
    .option('--passphrase-file <file>', 'instead of asking')
    .option('--confirm <digits>', 'first digits of the hash, instead of asking')
    .action(approve);
}

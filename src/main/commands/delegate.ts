import type { Command } from 'commander';
import {
  DELEGABLE_KINDS,
  delegationDigest,
  delegationHash,
  delegationSchema,
  toBase64Url,
} from '../../intents/index.ts';
import { signWithMaster } from '../../keyring/index.ts';
import { isoTime, parseId, SharedError, systemClock } from '../../shared/index.ts';
import { writeDocument } from '../../station/index.ts';
import { confirmHash } from '../terminal/confirm-hash.ts';
import { openKeyFile } from '../terminal/key-files.ts';

const HOUR_MS = 3_600_000;

interface DelegateOptions {
  readonly approver: string;
  readonly role: string;
  readonly kind: string[];
  readonly network: string;
  readonly hours: string;
  readonly key: string;
  readonly passphraseFile?: string;
  readonly confirm?: string;
  readonly out: string;
}

async function delegate(to: string, options: DelegateOptions): Promise<void> {
  const nowMs = systemClock.nowMs();
  const words = {
    purpose: 'delegation',
    network: options.network,
    delegator: parseId('staff', options.approver),
    delegate: parseId('staff', to),
    role: options.role,
    kinds: options.kind,
    from: isoTime(nowMs),
    until: isoTime(nowMs + Number(options.hours) * HOUR_MS),
  };
  const checked = delegationSchema.shape.statement.safeParse(words);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new SharedError('config_invalid', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const statement = checked.data;
  const lines = [
    `${statement.delegate} approves in the place of ${statement.delegator}, as ${statement.role}, on ${statement.network}.`,
    `Intents of these kinds: ${statement.kinds.join(', ')}.`,
    `From ${statement.from} until ${statement.until}; nothing takes it back before but a new manifest.`,
  ];
  await confirmHash(lines, delegationHash(statement), 'sign', options.confirm);
  const key = await openKeyFile(options.key, 'your approver’s key', options.passphraseFile);
  const signature = toBase64Url(signWithMaster(key, delegationDigest(statement)));
  await writeDocument(options.out, { statement, signature: { algorithm: 'rsa-pss-sha256', signature } });
  process.stdout.write(`Signed: ${options.out}; they approve with --delegation ${options.out}\n`);
}

/** `trilock delegate`: lets another approver of the manifest approve in one's place; it needs no network. */
export function registerDelegate(trilock: Command): void {
  trilock
    .command('delegate <approver>')
    .description('let another approver of the manifest approve in your place for a time, and sign that')
    .requiredOption('--approver <id>', 'your own id in the manifest, stf_…')
    .requiredOption('--role <role>', 'your role in the manifest: compliance, officer, treasurer')
    .requiredOption('--kind <kind...>', DELEGABLE_KINDS.join(', '))
    .requiredOption('--network <network>', 'mainnet, testnet, signet, regtest')
    .requiredOption('--hours <number>', 'how long from now; at most 336, 14 days')
    .requiredOption('--key <file>', 'your key file')
    .requiredOption('--out <file>', 'where the signed delegation goes')
    .option('--passphrase-file <file>', 'instead of asking')
    .option('--confirm <digits>', 'first digits of the hash, instead of asking')
    .action(delegate);
}

import type { Command } from 'commander';
import {
  describeVerified,
  followManifests,
  parseSignedManifest,
  parseWithdrawalEvidence,
  verifyWithdrawalEvidence,
  type EvidenceTrust,
  type VerifiedEvidence,
} from '../../intents/index.ts';
import { readRegularFile } from '../../keyring/index.ts';
import { verifyPolicies, type VerifiedPolicy } from '../../policy/index.ts';
import { SharedError } from '../../shared/index.ts';
import { readDocument } from '../../station/index.ts';

const MAX_TRANSACTION_BYTES = 8 * 1024 * 1024;

interface VerifyOptions {
  readonly evidence: string;
  readonly manifest: readonly string[];
  readonly firstHash: string;
  readonly transaction?: string;
}

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** A transaction in hex, as `bitcoin-cli getrawtransaction` prints it. @throws SharedError `config_invalid`. */
async function readTransaction(path: string): Promise<Uint8Array> {
  const text = (await readRegularFile(path, { maxBytes: MAX_TRANSACTION_BYTES })).toString('utf8').trim();
  if (/^([0-9a-f]{2})+$/.test(text)) return Buffer.from(text, 'hex');
  throw new SharedError('config_invalid', `${path} is not a transaction in hex.`);
}

const ORIGINS = { built_in: 'built in', tighter: 'provably tighter than the one before' } as const;

function policyLine({ number, document, hash, origin }: VerifiedPolicy): string {
  const by = origin.kind === 'approved' ? `approved by ${origin.people.join(' and ')}` : ORIGINS[origin.kind];
  return `Policy version ${number}, “${document.title}” (${hash}): ${by}.`;
}

function foundLines(
  { evidence, manifest, verified, policyVersions, checkedAtMs }: VerifiedEvidence,
  policies: readonly VerifiedPolicy[],
): string[] {
  const { receipt, registration } = evidence.wallet;
  return [
    `Manifest ${manifest.number} was in force, signed by its officers.`,
    `The wallet ${registration.wallet} was pinned at ${receipt.statement.registeredAt}, three keys attested and proven.`,
    `The signer checked everything at ${evidence.signed.statement.checkedAt}.`,
    ...policies.map(policyLine),
    ...verified.intents.map(
      ({ intent, approvedBy }, index) =>
        `Intent ${intent.id}, written under policy version ${policyVersions[index]}: asked for by its customer, approved by ${approvedBy.join(' and ')}.`,
    ),
    '',
    ...describeVerified(evidence.bundle, verified, manifest, checkedAtMs),
    '',
    `Every link holds, down to the transaction ${evidence.txid}.`,
  ];
}

async function verify(withdrawal: string, options: VerifyOptions): Promise<void> {
  const evidence = parseWithdrawalEvidence(await readDocument(options.evidence));
  const signed = [];
  for (const path of options.manifest) signed.push(parseSignedManifest(await readDocument(path)));
  const { network } = evidence.signed.statement;
  const trust: EvidenceTrust = {
    withdrawal,
    manifests: await followManifests(options.firstHash, signed, network),
    ...(options.transaction === undefined ? {} : { transaction: await readTransaction(options.transaction) }),
  };
  const found = await verifyWithdrawalEvidence(evidence, trust);
  const { checkedAtMs: nowMs, manifest } = found;
  const manifests = trust.manifests.filter(({ number }) => number <= manifest.number);
  say(...foundLines(found, await verifyPolicies(evidence.policies, { manifests, nowMs })));
  if (options.transaction === undefined) {
    say('Whether the chain has it, a node of your own says: give its bytes by --transaction to compare.');
  }
}

/** `trilock verify-withdrawal`: for an auditor who trusts the officers' manifests and needs no network. */
export function registerVerifyWithdrawal(trilock: Command): void {
  trilock
    .command('verify-withdrawal <withdrawal>')
    .description(
      'check a withdrawal from intent to transaction by its evidence; names the link that does not hold',
    )
    .requiredOption('--evidence <file>', 'from `trilock client withdrawals evidence`')
    .requiredOption('--manifest <file...>', 'the institution’s manifests from number 1 on, in order')
    .requiredOption('--first-hash <hash>', 'hash of manifest 1, as the institution published it')
    .option('--transaction <file>', 'the transaction in hex from a node of your own')
    .action(verify);
}

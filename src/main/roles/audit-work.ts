import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { takeCheckpoint, type AuditAttestor } from '../../audit/index.ts';
import { inTransaction, type Database } from '../../database/index.ts';
import { raiseAlert } from '../../events/index.ts';
import type { AuditCheckpoint } from '../../intents/index.ts';
import { KeyringError, writeNewFile } from '../../keyring/index.ts';
import { isDomainError, type Clock, type DomainError } from '../../shared/index.ts';
import type { SignerClient } from '../../signer/index.ts';

interface AuditWorkParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly signer: Pick<SignerClient, 'auditCheckpoint' | 'attestAudit'>;
  readonly checkpoints: { readonly intervalMs: number; readonly directory: string | undefined };
}

/** Whether one is due is asked so often; the log itself says how old the last one is. */
const LOOK_MS = 60_000;
const WORKER = { actor: { kind: 'process', id: 'worker' }, strength: 'process' } as const;

function attestorOf(signer: AuditWorkParts['signer']): AuditAttestor {
  return {
    last: async () => (await signer.auditCheckpoint({})).checkpoint,
    attest: async (after, entries) =>
      (await signer.attestAudit({ after, entries: entries.map((entry) => ({ ...entry })) })).checkpoint,
  };
}

/** `audit-checkpoint-<position>.json`, each written once. */
async function writeCheckpoint(directory: string | undefined, checkpoint: AuditCheckpoint): Promise<void> {
  if (directory === undefined) return;
  await mkdir(directory, { recursive: true });
  const path = join(directory, `audit-checkpoint-${checkpoint.statement.position}.json`);
  try {
    await writeNewFile(path, Buffer.from(`${JSON.stringify(checkpoint, null, 2)}\n`));
  } catch (thrown) {
    if (!(thrown instanceof KeyringError && thrown.code === 'file_exists')) throw thrown;
  }
}

/** The signer has seen another log than the one that is shown to it now: somebody changed what was recorded. */
async function tell({ database, clock }: AuditWorkParts, refusal: DomainError): Promise<void> {
  const { code, message: text } = refusal;
  await inTransaction(database, (tx) =>
    raiseAlert(tx, { subject: 'audit', code, during: 'audit.attest', text }, WORKER, clock),
  );
}

/** Work for the loop: has the audit log attested when that is due, and publishes what the signer said. */
export function auditWork(parts: AuditWorkParts): () => Promise<number> {
  const { database, clock, signer, checkpoints } = parts;
  let lookAgainAtMs = 0;
  let told: string | undefined;
  const work = {
    database,
    clock,
    attestor: attestorOf(signer),
    intervalMs: checkpoints.intervalMs,
    publish: (checkpoint: AuditCheckpoint) => writeCheckpoint(checkpoints.directory, checkpoint),
  };
  return async () => {
    const nowMs = clock.nowMs();
    // Also when the clock was put back.
    if (nowMs < lookAgainAtMs && lookAgainAtMs - nowMs <= LOOK_MS) return 0;
    lookAgainAtMs = nowMs + LOOK_MS;
    try {
      await takeCheckpoint(work);
      told = undefined;
    } catch (thrown) {
      if (isDomainError(thrown) && thrown.code === 'audit_not_continuous' && told !== thrown.code) {
        await tell(parts, thrown);
        told = thrown.code;
      }
      throw thrown;
    }
    return 0;
  };
}

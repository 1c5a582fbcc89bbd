import { randomUUID } from 'node:crypto';
import { appendAudit } from '../audit/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { appendEvent } from '../events/index.ts';
import { parseDescriptor } from '../bitcoin/index.ts';
import {
  drillMessage,
  parseDrillRequest,
  RecoveryError,
  verifyDrillProof,
  type DrillAnswer,
  type DrillRequest,
} from '../recovery/index.ts';
import { idToUuid, parseId, type WalletId } from '../shared/index.ts';
import { readStationRegistration, readWallet, type Cause } from '../wallets/index.ts';
import type { DrillParts } from './proof-ages.ts';

/** What became of an answer. */
export interface RecordedDrill {
  readonly proved: number;
  /** Recorded before; nothing was added. */
  readonly known: number;
  readonly failed: readonly DrillAnswer['failures'][number][];
}

/** What was asked, as it was planned: what was on its way to the sites and back is not believed. */
async function requestOf({ database, network }: DrillParts, answer: DrillAnswer): Promise<DrillRequest> {
  const planned = await database.drill.findUnique({ where: { id: answer.drill, network } });
  const request = planned === null ? undefined : parseDrillRequest(JSON.parse(planned.request));
  if (request !== undefined && answer.provedAt >= request.createdAt) return request;
  throw new RecoveryError('drill_answer_foreign', 'This answers no drill of here, or an earlier time.', {
    details: { answers: answer.drill },
  });
}

/** The wallet's entry, with what the application has pinned. */
async function pinnedEntry(parts: DrillParts, request: DrillRequest, wallet: WalletId) {
  const entry = request.wallets.find((candidate) => candidate.wallet === wallet);
  const { registration } = await readStationRegistration(parts.database, wallet);
  if (entry === undefined || registration.descriptor !== entry.descriptor) {
    throw new RecoveryError('drill_answer_foreign', 'The drill is of another wallet.', {
      details: { wallet },
    });
  }
  const roleOf = (xpub: string): string =>
    registration.keys.find(({ statement }) => statement.xpub === xpub)?.statement.role ?? 'unknown';
  return { entry, descriptor: parseDescriptor(registration.descriptor, registration.network), roleOf };
}

type Proof = DrillAnswer['proofs'][number];

async function recordWallet(
  tx: DatabaseTransaction,
  parts: DrillParts,
  {
    request,
    answer,
    cause,
  }: { readonly request: DrillRequest; readonly answer: DrillAnswer; readonly cause: Cause },
  found: { readonly wallet: WalletId; readonly proofs: readonly Proof[]; readonly codes: readonly string[] },
): Promise<number> {
  const { wallet, proofs, codes } = found;
  const { entry, descriptor, roleOf } = await pinnedEntry(parts, request, wallet);
  const message = drillMessage(request.drill, wallet);
  const { addressIndex } = entry;
  for (const proof of proofs) verifyDrillProof(descriptor, proof, { message, addressIndex });
  const { count } = await tx.recoveryProof.createMany({
    skipDuplicates: true,
    data: proofs.map(({ xpub, form, signature }) => ({
      id: randomUUID(),
      walletId: idToUuid(wallet),
      ...{ xpub, form, addressIndex, message, drill: request.drill, site: answer.site },
      signature: Buffer.from(signature, 'hex'),
      provedAt: new Date(answer.provedAt),
      recordedAt: new Date(parts.clock.nowMs()),
    })),
  });
  if (count === 0 && codes.length === 0) return 0;
  const { customerId: customer } = await readWallet(tx, wallet);
  const roles = proofs.map(({ xpub }) => roleOf(xpub));
  const after = { drill: request.drill, site: answer.site, roles, failures: [...codes] };
  await appendAudit(tx, { ...cause, action: 'drill.record', entity: wallet, after }, parts.clock);
  const { drill } = request;
  if (count > 0) {
    const data = { drill, roles };
    await appendEvent(tx, { type: 'drill.recorded', subject: wallet, customer, data }, parts.clock);
  }
  if (codes.length > 0) {
    const data = { drill, codes: [...codes] };
    await appendEvent(tx, { type: 'drill.failed', subject: wallet, customer: null, data }, parts.clock);
  }
  return count;
}

/**
 * Verifies every signature of an answer against the pinned descriptors and records them, all or none. Giving the same
 * answer again adds nothing.
 * @throws RecoveryError `drill_answer_foreign`, `recovery_key_foreign`; BitcoinError `message_signature_invalid`.
 */
export async function recordDrill(
  parts: DrillParts,
  answer: DrillAnswer,
  cause: Cause,
): Promise<RecordedDrill> {
  const request = await requestOf(parts, answer);
  const wallets = new Set([...answer.proofs, ...answer.failures].map(({ wallet }) => wallet));
  const proved = await inTransaction(parts.database, async (tx) => {
    let added = 0;
    for (const name of wallets) {
      const wallet = parseId('wallet', name);
      const proofs = answer.proofs.filter((proof) => proof.wallet === name);
      const codes = answer.failures.filter((failure) => failure.wallet === name).map(({ code }) => code);
      added += await recordWallet(tx, parts, { request, answer, cause }, { wallet, proofs, codes });
    }
    return added;
  });
  return { proved, known: answer.proofs.length - proved, failed: answer.failures };
}

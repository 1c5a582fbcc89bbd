import { auditRoutes } from '../audit/index.ts';
import { approvalRoutes } from '../approvals/index.ts';
import { rotationRoutes, staffRoutes, webhookChangeRoutes } from '../control/index.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { ChainNode } from '../chain/index.ts';
import type { Database } from '../database/index.ts';
import { depositRoutes, releaseRoutes, WORKER_FOLLOWER } from '../deposits/index.ts';
import { eventRoutes, webhookRoutes, type WebhookParts } from '../events/index.ts';
import {
  breakerRoutes,
  closingRoutes,
  deepFreezeRoutes,
  evidenceRoutes,
  freezeStatusRoutes,
  historyRoutes,
  restrictionGuard,
  restrictionRoutes,
} from '../freeze/index.ts';
import { handle, type BoundOperation, type KeyedHash } from '../http/index.ts';
import { createIdentity } from '../identity/index.ts';
import type { LedgerClient } from '../ledger/client/index.ts';
import { lockRecoveryRoutes, lockRoutes } from '../locks/index.ts';
import type { Pool } from '../postgres/index.ts';
import type { Authenticator } from '../http/index.ts';
import { isoTime, type Clock, type WeeklyWindows } from '../shared/index.ts';
import { legalRoutes } from '../legal/index.ts';
import { noticeRoutes } from '../notices/index.ts';
import {
  addressBookRoutes,
  limitRoutes,
  listRoutes,
  policyRoutes,
  screeningRoutes,
} from '../policy/index.ts';
import { transferRoutes } from '../transfers/index.ts';
import { treasuryRoutes } from '../treasury/index.ts';
import { getStatus, statusFrom } from '../status/index.ts';
import { walletRoutes } from '../wallets/index.ts';
import { withdrawalRoutes } from '../withdrawals/index.ts';
import type { ManifestSource } from './roles/manifest-source.ts';
import { observeStatus } from './roles/observe-status.ts';
import { needsWebhookApproval } from './roles/webhook-parts.ts';
import { policyChangeParts, withdrawalRequestParts } from './roles/withdrawal-parts.ts';

/** What the API's handlers work with. */
export interface OperationParts {
  readonly pool: Pool;
  readonly database: Database;
  readonly node: ChainNode;
  readonly ledger: LedgerClient;
  readonly hash: KeyedHash;
  readonly manifest: ManifestSource;
  readonly webhooks: Pick<WebhookParts, 'hash' | 'allowLoopback'>;
  /** Customers who hold so much do not say alone where their messages go; nobody unless told. */
  readonly webhookApprovalSatoshis?: bigint | undefined;
  readonly clock: Clock;
  readonly network: 'mainnet' | 'testnet' | 'signet' | 'regtest';
  readonly monitors: ReadonlyMap<string, string>;
  readonly restarts: number;
  readonly coldWindows: WeeklyWindows | null;
}

/** Every operation of every context, and who may call them. */
export function composeOperations(parts: OperationParts): {
  readonly operations: readonly BoundOperation[];
  readonly authenticator: Authenticator;
  readonly guard: ReturnType<typeof restrictionGuard>;
} {
  const { clock, database, restarts } = parts;
  const identity = createIdentity({ ...parts, seals: parts.webhooks.hash });
  const withdrawals = withdrawalRequestParts(parts);
  const changing = policyChangeParts(parts);
  const hooks = { database, clock, ...parts.webhooks, needsApproval: needsWebhookApproval(parts) };
  const sources = {
    ...parts,
    version: packageJson.version,
    self: { startedAt: isoTime(clock.nowMs()), restarts },
  };
  const status = handle(getStatus, async () => ({
    status: 200,
    body: statusFrom(await observeStatus(sources), clock),
  }));
  return {
    authenticator: identity.authenticator,
    guard: restrictionGuard(database),
    operations: [
      status,
      ...identity.operations,
      ...auditRoutes(parts),
      ...eventRoutes(database),
      ...walletRoutes(parts),
      ...lockRoutes(parts),
      ...lockRecoveryRoutes(withdrawals),
      ...depositRoutes({ database, clock, follower: WORKER_FOLLOWER }),
      ...releaseRoutes(withdrawals),
      ...transferRoutes(parts),
      ...approvalRoutes(withdrawals),
      ...restrictionRoutes(withdrawals),
      ...deepFreezeRoutes(withdrawals),
      ...breakerRoutes(withdrawals),
      ...closingRoutes(withdrawals),
      ...historyRoutes(withdrawals),
      ...evidenceRoutes(parts),
      ...freezeStatusRoutes(parts),
      ...withdrawalRoutes(withdrawals),
      ...legalRoutes(withdrawals),
      ...rotationRoutes(withdrawals),
      ...staffRoutes({ ...withdrawals, seals: parts.webhooks.hash }),
      ...treasuryRoutes(withdrawals),
      ...noticeRoutes({ database, clock, hash: parts.webhooks.hash }),
      ...policyRoutes(changing),
      ...limitRoutes(changing),
      ...addressBookRoutes({ ...changing, network: parts.network }),
      ...listRoutes(parts),
      ...screeningRoutes(parts),
      ...webhookRoutes(hooks),
      ...webhookChangeRoutes({ ...hooks, queue: withdrawals.queue }),
    ],
  };
}

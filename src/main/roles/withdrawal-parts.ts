import { ApprovalQueue } from '../../approvals/index.ts';
import { systemRandom, type NetworkName } from '../../bitcoin/index.ts';
import type { ChainNode } from '../../chain/index.ts';
import type { Database } from '../../database/index.ts';
import type { PublicKey } from '../../intents/index.ts';
import type { LedgerClient } from '../../ledger/client/index.ts';
import type { settleRestrictions } from '../../freeze/index.ts';
import { PolicyInForce, type PolicyChangeParts } from '../../policy/index.ts';
import type { Clock, CustomerId, WeeklyWindows } from '../../shared/index.ts';
import type { SignerClient } from '../../signer/index.ts';
import { hasUnfinishedTransfers } from '../../transfers/index.ts';
import { signingCredentialsOf, vaultWalletsOf } from '../../wallets/index.ts';
import {
  ownWallets,
  withdrawalsBeyondRecall,
  type Batching,
  type RequestParts,
  type StepParts,
  type TrustPort,
} from '../../withdrawals/index.ts';
import { freezingSigner } from './freezing-signer.ts';
import type { ManifestSource } from './manifest-source.ts';

interface Sources {
  readonly database: Database;
  readonly clock: Clock;
  readonly network: NetworkName;
  readonly manifest: ManifestSource;
}

/** Approvers by the officers' manifest, customers by the keys that the signer has pinned. */
export function trustOf({ database, manifest }: Pick<Sources, 'database' | 'manifest'>): TrustPort {
  return {
    manifest,
    async credentialsOf(customer: CustomerId): Promise<ReadonlyMap<string, PublicKey>> {
      const credentials = await signingCredentialsOf(database, customer);
      const pinned = credentials.filter(({ pinnedAt }) => pinnedAt !== null);
      return new Map(pinned.map(({ id, publicKey }) => [id, publicKey]));
    },
  };
}

/** The approval queue with every kind of intent there is. */
function approvalQueue(sources: Sources): ApprovalQueue {
  return new ApprovalQueue({
    ...sources,
    policy: new PolicyInForce(sources),
    credentialsOf: (customer) => trustOf(sources).credentialsOf(customer),
    kinds: new Map([
      ['withdrawal', {}],
      ['release', {}],
      ['deposit_release', {}],
      ['master_lock_recovery', {}],
      ['policy_change', {}],
      ['deep_freeze', {}],
      ['legal_hold_lift', {}],
      ['breaker_reset', {}],
      ['treasury_move', {}],
      ['staff_change', {}],
      ['webhook_change', {}],
      ['limit_raise', {}],
      ['key_rotation', {}],
    ]),
  });
}

/** What asking for withdrawals works with. */
export function withdrawalRequestParts(
  sources: Sources & {
    readonly node: ChainNode;
    readonly ledger: LedgerClient;
    readonly coldWindows: WeeklyWindows | null;
  },
): RequestParts {
  const { database, clock, network, node, coldWindows } = sources;
  return {
    ...{ database, clock, network, node, coldWindows },
    queue: approvalQueue(sources),
    wallets: ownWallets(sources),
    trust: trustOf(sources),
  };
}

/** What changing the policy works with. */
export function policyChangeParts(sources: Sources): PolicyChangeParts {
  const { database, clock, manifest } = sources;
  return { database, clock, manifest, queue: approvalQueue(sources), policy: new PolicyInForce(sources) };
}

/** What carrying restrictions on works with. */
export function restrictionStepParts(
  sources: Sources & {
    readonly ledger: LedgerClient;
    readonly signer: Pick<
      SignerClient,
      | 'restrict'
      | 'release'
      | 'unlock'
      | 'deepFreeze'
      | 'tripBreaker'
      | 'resetBreaker'
      | 'freezeStatus'
      | 'standing'
      | 'restrictionsTold'
    >;
  },
): Parameters<typeof settleRestrictions>[0] {
  const { database, clock, ledger, signer } = sources;
  return {
    ...{ database, clock, ledger },
    queue: approvalQueue(sources),
    vaultsOf: vaultWalletsOf,
    hasUnbooked: hasUnfinishedTransfers,
    beyondRecall: withdrawalsBeyondRecall,
    signer: freezingSigner(signer),
  };
}

/** What the way back to lost master locks works with. */
export function lockStepParts<S extends Sources & { readonly signer: SignerClient }>(sources: S) {
  return { ...sources, queue: approvalQueue(sources) };
}

/** What carrying them on works with. */
export function withdrawalStepParts(
  sources: Sources & {
    readonly node: ChainNode;
    readonly ledger: LedgerClient;
    readonly batching: Batching;
    readonly raiseAfterMs: number;
    readonly coldWindows: WeeklyWindows | null;
    /** Told of both signers, where there are two. */
    readonly signer: Pick<SignerClient, 'sign' | 'cosign' | 'revoke' | 'abandon'>;
    readonly secondSigner?: Pick<SignerClient, 'sign'> | undefined;
  },
): StepParts {
  const { node, ledger, signer, secondSigner, batching, raiseAfterMs } = sources;
  return {
    ...withdrawalRequestParts(sources),
    ...{ node, ledger, batching, raiseAfterMs },
    cosigner: {
      sign: (bundle) => signer.sign({ bundle }),
      abandon: (txid, reason) => signer.abandon({ txid, reason }),
      revoke: (intentHash, reason) => signer.revoke({ intentHash, reason }),
      pair: secondSigner && {
        cosign: (bundle) => signer.cosign({ bundle }),
        complete: (bundle) => secondSigner.sign({ bundle }),
      },
    },
    random: systemRandom,
  };
}

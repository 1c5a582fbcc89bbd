export { ChainError, type ChainErrorCode } from './errors.ts';
export { type RpcCredentials } from './rpc/http-transport.ts';
export { type Destination, type FundedOutput, type RegtestControl } from './regtest/regtest-control.ts';
export {
  connectRegtestControl,
  startRegtestNode,
  type RegtestNode,
  type RegtestNodeOptions,
} from './regtest/regtest-node.ts';
export type {
  Acceptance,
  BlockPosition,
  Broadcast,
  ChainNode,
  FeeEstimate,
  FoundTransaction,
  InclusionProof,
  MempoolEntry,
  NodeStatus,
  Outpoint,
  OutputState,
  PlacedHeader,
  RefusalReason,
  UnspentOutput,
} from './chain-node.ts';
export { connectNode, type CoreNodeOptions } from './core/core-node.ts';
export { scanUnspentOutputs, type ScannedOutput } from './core/output-scanner.ts';
export { DEFAULT_FEE_POLICY, type FeePolicy } from './core/fee-policy.ts';
export type { ChainMatch, ChainStep, MatchedOutput, MatchedSpend } from './follower/chain-step.ts';
export { ChainFollower, type FollowerOptions, type FollowerReport } from './follower/chain-follower.ts';
export type {
  FollowerRecord,
  FollowerStore,
  PositionChange,
  RememberedBlock,
} from './follower/follower-store.ts';
export { rescan, type RescanOptions } from './follower/rescan.ts';
export { WatchList, type ScriptConfirmation } from './follower/watch-list.ts';
export { PrismaFollowerStore } from './follower/prisma-follower-store.ts';
export { ChainQuorum, type QuorumOptions } from './quorum/chain-quorum.ts';
export { guardNode, type PayingNode } from './quorum/guard-node.ts';
export type { DisagreementKind, QuorumSource } from './quorum/agreement.ts';

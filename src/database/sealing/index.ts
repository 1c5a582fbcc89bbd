export type { ChainReport } from './damage.ts';
export { readHead, runSealer, sealBatch, type SealerOptions } from './sealer.ts';
export {
  MAX_CONTENT_BYTES,
  SealingError,
  type ChainPoint,
  type EntryContent,
  type SealedStream,
  type SealingErrorCode,
} from './stream.ts';
export { verifyChain } from './verify-chain.ts';

export { HEADER_BYTES, parseBlockHeader, type BlockHeader } from './block-header.ts';
export { chainsOfNetwork, type ChainRules } from './chain-rules.ts';
export { hashBytes, hashText, type DoubleSha256 } from './hashing.ts';
export { branchLeadsTo, merkleBranch, merkleRoot, type MerkleBranch, type MerkleResult } from './merkle.ts';
export {
  bitsOfTarget,
  hasProofOfWork,
  RETARGET_INTERVAL,
  retargetedBits,
  targetOfBits,
  workOfBits,
} from './proof-of-work.ts';
export { MAX_BLOCK_BYTES, scanBlock, type BlockVisitor } from './scan-block.ts';

export * from './errors.ts';
export {
  idFromBytes,
  idTimeMs,
  idToBytes,
  readId,
  writeId,
  readUint128,
  writeUint128,
  MAX_UINT128,
  type LedgerId,
} from './bytes.ts';
export * from './record-layout.ts';
export * from './result-codes.ts';
export * from './record-codec.ts';
export * from './batch.ts';
export * from './account-item.ts';
export * from './checkpoint.ts';
export * from './frame.ts';
export * from './frame-items.ts';

import { createHash } from 'node:crypto';
import { CHAIN_START_HASH, chainLinkText, DomainError, type JsonValue } from '../../shared/index.ts';

export type SealingErrorCode = 'stream_damaged';

/** What is stored contradicts itself: somebody changed history past the application. */
export class SealingError extends DomainError<SealingErrorCode> {}

/** One hash chain: a table of entries, each with canonical JSON in `content`, and a table of their seals. */
export interface SealedStream {
  /** Its name in `sealed_stream` and in every hash. */
  readonly name: 'audit' | 'events';
  readonly entryTable: string;
  readonly sealTable: string;
  /** Columns of the entry table that repeat a member of the content of the same name. */
  readonly repeated: readonly string[];
}

/** A place in a chain: how many entries it has up to here, and the hash over all of them. */
export interface ChainPoint {
  readonly position: bigint;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** Where every chain begins. */
export const CHAIN_START: ChainPoint = { position: 0n, hash: CHAIN_START_HASH };

/** What every sealed entry can hold at most, in bytes; the tables refuse more. */
export const MAX_CONTENT_BYTES = 65_536;

export type EntryContent = Readonly<Record<string, JsonValue>>;

export interface SealInput extends ChainPoint {
  readonly sealedAt: Date;
  readonly content: string;
}

/** The hash that seals an entry at `position`, in hexadecimal; `hash` is that of the position before. */
export function sealHash(stream: SealedStream['name'], input: SealInput): string {
  const { position, sealedAt, hash: previousHash, content } = input;
  const link = { position, sealedAtMs: sealedAt.getTime(), previousHash, content };
  return createHash('sha256').update(chainLinkText(stream, link)).digest('hex');
}

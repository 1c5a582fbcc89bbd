import type { Engine } from '../engine/index.ts';
import type { HistoryReader } from '../queries/history-reader.ts';
import type { StrongReads } from '../writer/strong-reads.ts';
import type { Writer } from '../writer/writer.ts';

/** What a process has while it leads, and a standby has not. */
export interface Leading {
  readonly epoch: number;
  readonly engine: Engine;
  readonly writer: Writer;
  readonly reads: StrongReads;
  readonly history: HistoryReader;
}

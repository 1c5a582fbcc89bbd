import { LedgerError } from '../errors.ts';
import {
  ACCOUNT_ITEM_BYTES,
  decodeHistoryQuery,
  encodeLoggedItem,
  ID_ITEM_BYTES,
  idToBytes,
  LOGGED_ITEM_BYTES,
  type Frame,
  type FrameType,
} from '../format/index.ts';
import type { PlacedRecord } from '../store/history-index.ts';
import type { Reading } from '../writer/strong-reads.ts';
import type { Leading } from './leading.ts';

export interface ReadAnswer {
  readonly type: FrameType;
  readonly items: Uint8Array;
  readonly sequence: number;
  readonly timeMs: number;
}

/**
 * Answers a read from the leader's state.
 * @throws LedgerError `ledger_not_leader`, `ledger_store_unavailable`, `ledger_protocol_broken`;
 * LedgerFormatError `frame_malformed`.
 */
export async function answerRead(frame: Frame, leading: Leading): Promise<ReadAnswer> {
  const { engine, reads, history } = leading;
  if (frame.sequence > engine.sequence) {
    throw new LedgerError('ledger_store_unavailable', 'This ledger has not seen that batch yet.', {
      retryable: true,
    });
  }
  if (frame.type === 'lookUpAccounts') {
    return answer('accounts', await reads.read(() => accountItems(frame, leading)));
  }
  if (frame.type === 'lookUpTransfers') {
    const ids = idSlices(frame.items);
    return answer('transfers', await reads.read(async () => loggedItems(leading, await history.find(ids))));
  }
  if (frame.type === 'queryHistory') {
    const { accountId, ...page } = decodeHistoryQuery(frame.items);
    const account = idToBytes(accountId);
    const take = async (): Promise<Taken> => loggedItems(leading, await history.history(account, page));
    return answer('history', await reads.read(take));
  }
  throw new LedgerError('ledger_protocol_broken', 'This message is not a request.');
}

interface Taken {
  readonly items: Uint8Array;
  readonly timeMs: number;
}

function answer(type: FrameType, reading: Reading<Taken>): ReadAnswer {
  return { type, ...reading.value, sequence: reading.sequence };
}

function accountItems(frame: Frame, { engine }: Leading): Taken {
  const items = new Uint8Array(frame.count * ACCOUNT_ITEM_BYTES);
  idSlices(frame.items).forEach((id, n) => engine.writeAccountItem(id, items, n * ACCOUNT_ITEM_BYTES));
  return { items, timeMs: engine.timeMs };
}

function idSlices(items: Uint8Array): Uint8Array[] {
  const ids: Uint8Array[] = [];
  for (let at = 0; at < items.byteLength; at += ID_ITEM_BYTES) {
    ids.push(items.subarray(at, at + ID_ITEM_BYTES));
  }
  return ids;
}

function loggedItems({ engine }: Leading, records: readonly (PlacedRecord | undefined)[]): Taken {
  const items = new Uint8Array(records.length * LOGGED_ITEM_BYTES);
  records.forEach((record, n) => {
    if (record !== undefined) encodeLoggedItem(items, n * LOGGED_ITEM_BYTES, record.bytes, record);
  });
  return { items, timeMs: engine.timeMs };
}

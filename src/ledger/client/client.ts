import { LedgerError } from '../errors.ts';
import {
  decodeAccountItem,
  ACCOUNT_ITEM_BYTES,
  decodeLoggedItems,
  decodeResults,
  decodeStatus,
  encodeCommands,
  encodeHistoryQuery,
  encodeIds,
  MAX_BATCH_RECORDS,
  resultName,
  type AccountCommand,
  type AccountFlagsCommand,
  type AccountReading,
  type LedgerCommand,
  type LedgerId,
  type LoggedRecord,
  type Outcome,
  type ResultName,
  type TransferCommand,
} from '../format/index.ts';
import { systemScheduler, type Scheduler } from '../scheduler.ts';
import { connectStream, type ByteStream, type LedgerAddress } from '../transport.ts';
import { Requests } from './requests.ts';

export interface LedgerClientOptions {
  /** Where the ledger's processes listen; the one that leads is found among them. At least one. */
  readonly addresses: readonly LedgerAddress[];
  /** Default 0. */
  readonly partition?: number;
  /** A call without an answer for this long is rejected with `ledger_unreachable`. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** Records waiting to be sent beyond which calls are refused with `ledger_overloaded`. Default 65,520. */
  readonly maxQueuedRecords?: number;
}

/** How the client reaches the world; tests and the simulation bring their own. */
export interface LedgerClientParts {
  readonly connect: (attempt: number) => Promise<ByteStream>;
  readonly scheduler: Scheduler;
}

/** What became of one command. */
export interface CommandResult {
  readonly result: ResultName;
  /** `applied` or `repeated` with `ok` or `exists` mean that the asked-for effect is in the books. */
  readonly outcome: Outcome;
  /** Place of this record in the log. */
  readonly position: number;
  /** What moved, in the asset's smallest unit; what was asked for when nothing moved. */
  readonly amount: bigint;
}

export interface CommandResults {
  /** In the order of the commands. */
  readonly results: readonly CommandResult[];
  /** The batch that holds them, and its logged time. */
  readonly sequence: number;
  readonly timeMs: number;
}

/** What was read, as of a batch. */
export interface AsOf<T> {
  readonly value: T;
  readonly sequence: number;
  readonly timeMs: number;
}

export interface HistoryRequest {
  readonly accountId: LedgerId;
  /** 1 to 8,190. Default 100. */
  readonly limit?: number;
  /** Default true. */
  readonly newestFirst?: boolean;
  /** Continue beyond this position: `next` of the page before. */
  readonly after?: number;
  /** Only movements logged within these times, both included. */
  readonly fromTimeMs?: number;
  readonly toTimeMs?: number;
}

export interface HistoryAnswer {
  readonly records: readonly LoggedRecord[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: number | undefined;
}

export interface LedgerStatus {
  readonly epoch: number;
  readonly sequence: number;
  readonly timeMs: number;
  /** Records in the log. */
  readonly position: number;
  readonly hash: Uint8Array;
}

const DEFAULT_HISTORY_LIMIT = 100;

/**
 * The way of all other contexts into the ledger. Calls made at the same time share a request; a broken
 * connection is replaced, and what was not answered is sent again with the same ids, so that every command
 * takes effect once. A call rejects with a LedgerError: `ledger_unreachable` (unknown whether it took effect:
 * submit the same ids again), `ledger_overloaded`, `ledger_client_closed`, `ledger_protocol_broken`,
 * `ledger_request_invalid`. Refusals by the books are results, not errors.
 */
export class LedgerClient {
  readonly #requests: Requests;

  constructor(options: LedgerClientOptions, parts: LedgerClientParts = realParts(options.addresses)) {
    const { partition = 0, requestTimeoutMs = 30_000, maxQueuedRecords = 8 * MAX_BATCH_RECORDS } = options;
    this.#requests = new Requests({ ...parts, partition, requestTimeoutMs, maxQueuedRecords });
  }

  /**
   * Submits commands, 1 to 8,190, that are applied in this order and committed in one batch; chains of `linked`
   * commands succeed or fail together. Resolves after the commit.
   * @throws LedgerError; LedgerFormatError `value_out_of_range` for a value that its field cannot hold.
   */
  async submit(commands: readonly LedgerCommand[]): Promise<CommandResults> {
    if (commands.length === 0 || commands.length > MAX_BATCH_RECORDS) {
      throw new LedgerError('ledger_request_invalid', 'A request holds 1 to 8,190 commands.', {
        details: { count: commands.length },
      });
    }
    const records = encodeCommands(commands);
    const answer = await new Promise<AsOf<Uint8Array>>((resolve, reject) => {
      this.#requests.submit({
        records,
        reject,
        resolve: (value, sequence, timeMs) => resolve({ value, sequence, timeMs }),
      });
    });
    const { value, ...asOf } = answer;
    return { results: commandResults(value), ...asOf };
  }

  createAccounts(accounts: readonly Omit<AccountCommand, 'kind'>[]): Promise<CommandResults> {
    return this.submit(accounts.map((account) => ({ ...account, kind: 'account' })));
  }

  transfer(transfers: readonly Omit<TransferCommand, 'kind'>[]): Promise<CommandResults> {
    return this.submit(transfers.map((transfer) => ({ ...transfer, kind: 'transfer' })));
  }

  /** Freezes, unfreezes or closes accounts, in the same order as transfers. */
  changeAccountFlags(changes: readonly Omit<AccountFlagsCommand, 'kind'>[]): Promise<CommandResults> {
    return this.submit(changes.map((change) => ({ ...change, kind: 'accountFlags' })));
  }

  /**
   * Balances and flags as of one batch, the latest or a later one than `since`; undefined for an account that
   * does not exist.
   */
  async accounts(
    ids: readonly LedgerId[],
    since = 0,
  ): Promise<AsOf<readonly (AccountReading | undefined)[]>> {
    const { items, sequence, timeMs } = await this.#requests.ask('lookUpAccounts', encodeIds(ids), since);
    const value = ids.map((_id, n) => decodeAccountItem(items, n * ACCOUNT_ITEM_BYTES));
    return { value, sequence, timeMs };
  }

  /**
   * The logged records that these ids of transfers and flag changes are known by, rejected ones too; undefined
   * for an id that was never used up.
   */
  async transfers(ids: readonly LedgerId[], since = 0): Promise<AsOf<readonly (LoggedRecord | undefined)[]>> {
    const { items, sequence, timeMs } = await this.#requests.ask('lookUpTransfers', encodeIds(ids), since);
    return { value: decodeLoggedItems(items), sequence, timeMs };
  }

  /** What moved on an account, a page at a time. */
  async history(request: HistoryRequest, since = 0): Promise<AsOf<HistoryAnswer>> {
    const { accountId, limit = DEFAULT_HISTORY_LIMIT, newestFirst = true, after } = request;
    const query = encodeHistoryQuery({
      accountId,
      limit,
      newestFirst,
      fromTimeMs: request.fromTimeMs ?? 0,
      toTimeMs: request.toTimeMs ?? 0,
      ...(after === undefined ? {} : { afterPosition: after }),
    });
    const { items, sequence, timeMs } = await this.#requests.ask('queryHistory', query, since);
    const records = decodeLoggedItems(items).flatMap((record) => record ?? []);
    const next = records.length < limit ? undefined : records.at(-1)?.position;
    return { value: { records, next }, sequence, timeMs };
  }

  /** How far the leader's log reaches. */
  async status(): Promise<LedgerStatus> {
    const { items, sequence, timeMs } = await this.#requests.ask('askStatus', new Uint8Array(0), 0);
    const { epoch, position, hash } = decodeStatus(items);
    return { epoch, position, hash, sequence, timeMs };
  }

  /** Ends the connection; what was not answered is rejected with `ledger_client_closed`. */
  close(): void {
    this.#requests.close();
  }
}

function commandResults(items: Uint8Array): CommandResult[] {
  return decodeResults(items).map(({ result, ...rest }) => {
    const name = resultName(result);
    if (name === undefined) {
      throw new LedgerError(
        'ledger_protocol_broken',
        'The ledger gave a result that this client does not know.',
        {
          details: { result },
        },
      );
    }
    return { result: name, ...rest };
  });
}

function realParts(addresses: readonly LedgerAddress[]): LedgerClientParts {
  const [first] = addresses;
  if (first === undefined) {
    throw new LedgerError('ledger_request_invalid', 'A ledger client needs an address.');
  }
  return {
    connect: (attempt) => connectStream(addresses[attempt % addresses.length] ?? first),
    scheduler: systemScheduler,
  };
}

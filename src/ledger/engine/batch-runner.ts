import {
  ID_FUTURE_TOLERANCE_MS,
  MAX_BATCH_RECORDS,
  OUTCOME,
  OUTCOME_MASK,
  RECORD_FLAG,
  RECORD_KIND,
  RECORD_MARK,
  RESULT,
  type ResultCode,
} from '../format/index.ts';
import type { AccountCommands } from './account-commands.ts';
import type { AccountTable } from './account-table.ts';
import type { IdWindow } from './id-window.ts';
import type { Journal } from './journal.ts';
import type { Movements } from './movements.ts';
import { checkForm } from './record-form.ts';
import { RECORD_WORDS, uuidTimeMs, WORD } from './record-words.ts';
import { answerOfRepeat, answerOfRepeatedAccount } from './repeats.ts';
import type { Resolutions } from './resolutions.ts';

/** What the log's index said about the old ids of a batch, by record number: its record, or null for none. */
export type OldIds = ReadonlyMap<number, Uint32Array | null>;

export interface RunnerParts {
  readonly accounts: AccountTable;
  readonly window: IdWindow;
  readonly journal: Journal;
  readonly movements: Movements;
  readonly resolutions: Resolutions;
  readonly accountCommands: AccountCommands;
}

const END_OF_REQUEST = RECORD_MARK.endOfRequest << 8;
const LINKED = RECORD_FLAG.linked << 16;
const RESOLVING = RECORD_FLAG.post | RECORD_FLAG.void;

/** Takes the records of one batch one by one, in order, and keeps linked chains whole. */
export class BatchRunner {
  readonly #parts: RunnerParts;
  /** Members of the open chain as they were asked for, in the same places as in the batch. */
  readonly #asked = new Uint32Array(MAX_BATCH_RECORDS * RECORD_WORDS);
  #words: Uint32Array = new Uint32Array(0);
  #count = 0;
  #position = 0;
  #timeMs = 0;
  #oldIds: OldIds | undefined;
  #logged: Uint32Array | undefined;
  /** First record of the open chain, or -1. */
  #chainStart = -1;
  #chainBroken = false;
  #chainResolved = 0;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** `logged`, in a replay, is the batch as it stands in the log. */
  run(
    words: Uint32Array,
    position: number,
    timeMs: number,
    oldIds: OldIds | undefined,
    logged: Uint32Array | undefined,
  ): void {
    this.#words = words;
    this.#count = words.length / RECORD_WORDS;
    this.#position = position;
    this.#timeMs = timeMs;
    this.#oldIds = oldIds;
    this.#logged = logged;
    for (let index = 0; index < this.#count; index++) {
      const r = index * RECORD_WORDS;
      const isLinked = ((words[r + WORD.codeFlags] as number) & LINKED) !== 0;
      if (isLinked && this.#chainStart < 0) this.#openChain(index);
      this.#step(index, r, isLinked);
      if (this.#chainStart >= 0 && (!isLinked || this.#endsRequest(index))) this.#closeChain();
    }
  }

  #step(index: number, r: number, isLinked: boolean): void {
    const w = this.#words;
    const form = checkForm(w, r);
    if (form !== RESULT.ok) {
      this.#refuse(index, form);
      return;
    }
    const kind = (w[r + WORD.state] as number) & 0xff;
    if (kind === RECORD_KIND.transfer || kind === RECORD_KIND.accountFlags) {
      const idTimeMs = uuidTimeMs(w, r + WORD.id);
      if (idTimeMs > this.#timeMs + ID_FUTURE_TOLERANCE_MS) {
        this.#refuse(index, RESULT.id_is_from_the_future);
        return;
      }
      if (this.#answerRepeat(index, r, idTimeMs)) return;
      this.#settle(index, r, kind, isLinked);
      this.#parts.window.remember(w, r);
    } else {
      if (kind === RECORD_KIND.account && this.#answerRepeatedAccount(index, r)) return;
      this.#settle(index, r, kind, isLinked);
    }
  }

  /** A new and well-formed record: applied or rejected. */
  #settle(index: number, r: number, kind: number, isLinked: boolean): void {
    const isOpenEnd = isLinked && this.#endsRequest(index);
    let result: ResultCode;
    if (isOpenEnd) {
      result = RESULT.linked_chain_open;
    } else if (this.#chainStart >= 0) {
      if (this.#chainBroken) {
        result = RESULT.linked_record_failed;
      } else {
        this.#asked.set(this.#words.subarray(r, r + RECORD_WORDS), r);
        result = this.#execute(index, r, kind);
      }
    } else {
      result = this.#execute(index, r, kind);
    }
    if (result !== RESULT.ok) this.#breakChain(index);
    this.#answer(r, result === RESULT.ok ? OUTCOME.applied : OUTCOME.rejected, result);
  }

  #execute(index: number, r: number, kind: number): ResultCode {
    const { movements, resolutions, accountCommands } = this.#parts;
    const w = this.#words;
    switch (kind) {
      case RECORD_KIND.transfer:
        if ((((w[r + WORD.codeFlags] as number) >>> 16) & RESOLVING) !== 0) {
          return resolutions.apply(w, r, this.#position + index, this.#timeMs);
        }
        return movements.apply(w, r, this.#position + index, this.#timeMs);
      case RECORD_KIND.account:
        return accountCommands.create(w, r, this.#timeMs);
      case RECORD_KIND.accountFlags:
        return accountCommands.changeFlags(w, r);
      case RECORD_KIND.expiry:
        return resolutions.expire(w, r, this.#position + index, this.#timeMs);
      default:
        return RESULT.ok;
    }
  }

  #answerRepeat(index: number, r: number, idTimeMs: number): boolean {
    const { window } = this.#parts;
    if (window.find(this.#words, r + WORD.id, idTimeMs)) {
      // Breaking the chain changes the answer of the earlier record when that one stands in the same chain, and
      // it looks for ids itself.
      this.#breakChain(index);
      window.find(this.#words, r + WORD.id, idTimeMs);
      this.#answer(r, OUTCOME.repeated, answerOfRepeat(this.#words, r, window.foundIn, window.foundAt));
      return true;
    }
    return idTimeMs <= window.forgottenTimeMs && this.#answerOldRepeat(index, r);
  }

  /** An id that the window no longer remembers: the index said what it was, or in a replay the log did. */
  #answerOldRepeat(index: number, r: number): boolean {
    const stored = this.#oldIds?.get(index);
    if (stored !== undefined && stored !== null) {
      this.#breakChain(index);
      this.#answer(r, OUTCOME.repeated, answerOfRepeat(this.#words, r, stored, 0));
      return true;
    }
    if (this.#logged === undefined) return false;
    const outcome = ((this.#logged[r + WORD.state] as number) >>> 16) & OUTCOME_MASK;
    if (outcome !== OUTCOME.repeated) return false;
    this.#breakChain(index);
    this.#answer(r, outcome, this.#logged[r + WORD.result] as number as ResultCode);
    return true;
  }

  #answerRepeatedAccount(index: number, r: number): boolean {
    const { accounts } = this.#parts;
    if (accounts.find(this.#words, r + WORD.id) < 0) return false;
    this.#breakChain(index);
    const row = accounts.find(this.#words, r + WORD.id);
    if (row < 0) return false;
    this.#answer(r, OUTCOME.repeated, answerOfRepeatedAccount(this.#words, r, accounts, row));
    return true;
  }

  #refuse(index: number, result: ResultCode): void {
    this.#breakChain(index);
    this.#answer(index * RECORD_WORDS, OUTCOME.refused, result);
  }

  #answer(r: number, outcome: number, result: ResultCode): void {
    this.#words[r + WORD.state] = (this.#words[r + WORD.state] as number) | (outcome << 16);
    this.#words[r + WORD.result] = result;
  }

  #endsRequest(index: number): boolean {
    const state = this.#words[index * RECORD_WORDS + WORD.state] as number;
    return (state & END_OF_REQUEST) !== 0 || index === this.#count - 1;
  }

  #openChain(index: number): void {
    this.#chainStart = index;
    this.#chainBroken = false;
    this.#chainResolved = this.#parts.resolutions.resolved.length;
    this.#parts.journal.recording = true;
  }

  #closeChain(): void {
    this.#chainStart = -1;
    this.#parts.journal.recording = false;
    this.#parts.journal.forget();
  }

  /** Takes back what the open chain has done before record `index`; its members are as they were asked for. */
  #breakChain(index: number): void {
    if (this.#chainStart < 0 || this.#chainBroken) return;
    this.#chainBroken = true;
    const { journal, resolutions, window } = this.#parts;
    journal.undo();
    resolutions.resolved.length = this.#chainResolved;
    const w = this.#words;
    for (let member = this.#chainStart; member < index; member++) {
      const r = member * RECORD_WORDS;
      if ((((w[r + WORD.state] as number) >>> 16) & OUTCOME_MASK) !== OUTCOME.applied) continue;
      w.set(this.#asked.subarray(r, r + RECORD_WORDS), r);
      this.#answer(r, OUTCOME.rejected, RESULT.linked_record_failed);
      if (((w[r + WORD.state] as number) & 0xff) !== RECORD_KIND.account) window.amend(w, r);
    }
  }
}

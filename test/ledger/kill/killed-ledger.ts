import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled } from '../../../src/main/compile.mjs';
import { LedgerClient, isSuccess, RESULT, type LedgerId } from '../../../src/ledger/client/index.ts';
import { verifyLedgerDatabase } from '../../../src/ledger/index.ts';
import type { TestDatabase } from '../../postgres/test-database.ts';
import { freshId } from '../running-ledger.ts';
import type { KillPoint } from './ledger-process.ts';

const PROGRAM = join(import.meta.dirname, 'ledger-process.ts');
const ACCOUNTS = 5;
const WORKERS = 4;

/** A real ledger process on a real database, with customers who keep moving money while it is killed. */
export class KilledLedger {
  readonly #database: TestDatabase;
  readonly #folder: string;
  readonly #client: LedgerClient;
  readonly #accounts: LedgerId[] = Array.from({ length: ACCOUNTS }, freshId);
  readonly #balances = new Map<LedgerId, bigint>();
  #process: ChildProcess | undefined;
  /** The last of what it logged. */
  #said = '';
  #moving = true;
  #workers: Promise<void>[] = [];
  answered = 0;

  private constructor(database: TestDatabase, folder: string) {
    this.#database = database;
    this.#folder = folder;
    this.#client = new LedgerClient({
      addresses: [{ path: join(folder, 'socket') }],
      requestTimeoutMs: 90_000,
    });
    for (const id of this.#accounts) this.#balances.set(id, 0n);
  }

  static async prepare(database: TestDatabase): Promise<KilledLedger> {
    return new KilledLedger(database, await mkdtemp(join(tmpdir(), 'trilock-kill-')));
  }

  /** Resolves when the process leads or stands by. */
  async start(killAt?: KillPoint): Promise<void> {
    const config = {
      database: this.#database.ledger,
      listen: { path: join(this.#folder, 'socket') },
      requireFsync: false,
      checkpointEveryRecords: 200,
      idsPerGeneration: 16_380,
    };
    const child = spawn(process.execPath, [await compiled(PROGRAM), JSON.stringify({ config, killAt })], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    this.#said = '';
    child.stderr.on('data', (text: Buffer) => (this.#said = (this.#said + text.toString()).slice(-4_000)));
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  }

  /** Resolves when the process was killed, by itself or by us; rejects when it ended in another way. */
  async died(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    if (child.signalCode !== 'SIGKILL') throw new Error(`the ledger ended by itself: ${this.#said}`);
  }

  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.died();
  }

  async open(): Promise<void> {
    const { results } = await this.#client.createAccounts(
      this.#accounts.map((id, n) => ({
        id,
        asset: 1,
        code: 1,
        ...(n === 0 ? {} : { accountFlags: { debitsMustNotExceedCredits: true } }),
      })),
    );
    if (results.some(({ result }) => !isSuccess(RESULT[result]))) throw new Error('accounts were refused');
  }

  move(): void {
    this.#workers = Array.from({ length: WORKERS }, (_, n) => this.#work(n));
  }

  async #work(worker: number): Promise<void> {
    for (let turn = worker; this.#moving; turn++) {
      const transfers = [0, 1].map((n) => ({
        id: freshId(),
        debitAccountId: this.#accounts[turn % 3 === 0 ? 0 : (turn + n) % ACCOUNTS]!,
        creditAccountId: this.#accounts[(turn + n + 1) % ACCOUNTS]!,
        amount: BigInt(1 + (turn % 9)),
        asset: 1,
        code: 1,
      }));
      const { results } = await this.#client.transfer(transfers);
      results.forEach(({ result }, n) => {
        this.answered++;
        if (!isSuccess(RESULT[result])) return;
        const { debitAccountId, creditAccountId, amount } = transfers[n]!;
        this.#balances.set(debitAccountId, (this.#balances.get(debitAccountId) ?? 0n) - amount);
        this.#balances.set(creditAccountId, (this.#balances.get(creditAccountId) ?? 0n) + amount);
      });
    }
  }

  /** Waits until every call is answered, then compares the books with the answers, and verifies the log. */
  async settle(): Promise<{
    expected: bigint[];
    found: (bigint | undefined)[];
    findings: readonly object[];
  }> {
    this.#moving = false;
    await Promise.all(this.#workers);
    const { value } = await this.#client.accounts(this.#accounts);
    const found = value.map((account) => account && account.creditsPosted - account.debitsPosted);
    const { findings } = await verifyLedgerDatabase({ database: this.#database.ledger });
    return { expected: this.#accounts.map((id) => this.#balances.get(id) ?? 0n), found, findings };
  }

  async dispose(): Promise<void> {
    this.#moving = false;
    this.#client.close();
    await this.kill();
    await Promise.allSettled(this.#workers);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

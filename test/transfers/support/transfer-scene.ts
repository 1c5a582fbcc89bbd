import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '../../../src/database/index.ts';
import {
  accountId,
  bookEvent,
  openAccount,
  type LedgerClient,
  type LedgerCommand,
} from '../../../src/ledger/client/index.ts';
import { idToUuid, newId, systemClock, type CustomerId } from '../../../src/shared/index.ts';
import type { RunningServer } from '../../../src/http/index.ts';
import type { TransferParts } from '../../../src/transfers/index.ts';
import { startLedger, type TestLedger } from '../../ledger/running-ledger.ts';
import { createLedgerDatabase } from '../../ledger/ledger-database.ts';
import type { TestDatabase } from '../../postgres/test-database.ts';
import { serveTransfers } from './transfer-api.ts';

const BITCOIN = 1;
const treasuryWallet = newId('wallet');

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly replayed: boolean;
}

/** A database, a ledger and an API, with customers who have money. */
export class TransferScene {
  readonly testDatabase: TestDatabase;
  readonly database: Database;
  readonly testLedger: TestLedger;
  readonly ledger: LedgerClient;
  readonly server: RunningServer;

  private constructor(
    testDatabase: TestDatabase,
    testLedger: TestLedger,
    parts: TransferParts,
    server: RunningServer,
  ) {
    this.testDatabase = testDatabase;
    this.testLedger = testLedger;
    this.database = parts.database;
    this.ledger = parts.ledger;
    this.server = server;
  }

  static async open(): Promise<TransferScene> {
    const testDatabase = await createLedgerDatabase();
    const testLedger = await startLedger(testDatabase);
    const parts = {
      database: openDatabase(testDatabase.app),
      ledger: testLedger.client(),
      clock: systemClock,
    };
    return new TransferScene(testDatabase, testLedger, parts, await serveTransfers(parts));
  }

  async close(): Promise<void> {
    await this.server.stop(0);
    await this.testLedger.stop();
    await this.database.$disconnect();
    await this.testDatabase.drop();
  }

  get parts(): TransferParts {
    return { database: this.database, ledger: this.ledger, clock: systemClock };
  }

  /** A customer with so much from a confirmed deposit; no account at all when it is nothing. */
  async customer(sats: bigint): Promise<CustomerId> {
    const id = newId('customer');
    await this.database.customer.create({
      data: { id: idToUuid(id), email: `${id}@example.com`, displayName: 'Ada', createdAt: new Date() },
    });
    if (sats > 0n) await this.deposit(id, sats);
    return id;
  }

  async deposit(customer: CustomerId, sats: bigint): Promise<void> {
    const parties = { customer, treasuryWallet };
    const common = { entity: newId('deposit'), asset: BITCOIN, parties, amounts: { amount: sats } };
    await this.book([
      openAccount('treasury', BITCOIN, parties),
      openAccount('spending', BITCOIN, parties),
      ...bookEvent({ ...common, event: 'spendingDepositSeen' }),
      ...bookEvent({ ...common, event: 'spendingDepositCredited' }),
    ]);
  }

  async book(commands: readonly LedgerCommand[]): Promise<void> {
    const { results } = await this.ledger.submit(commands);
    const refused = results.find(({ result }) => result !== 'ok' && result !== 'exists');
    if (refused !== undefined) throw new Error(`the ledger answered ${refused.result}`);
  }

  account(customer: CustomerId) {
    return accountId('spending', BITCOIN, customer);
  }

  async balance(customer: CustomerId): Promise<bigint> {
    const { value } = await this.ledger.accounts([this.account(customer)]);
    return value[0] === undefined ? 0n : value[0].creditsPosted - value[0].debitsPosted;
  }

  async send(
    method: 'GET' | 'POST',
    path: string,
    who: CustomerId,
    options: { readonly body?: unknown; readonly key?: string; readonly url?: string } = {},
  ): Promise<Answer> {
    const { body, key = randomUUID(), url = this.server.url } = options;
    const response = await fetch(`${url}/v1/transfers${path}`, {
      method,
      headers: {
        authorization: `Bearer ${who}`,
        ...(method === 'POST' ? { 'content-type': 'application/json', 'idempotency-key': key } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      text,
      body: JSON.parse(text) as Record<string, unknown>,
      replayed: response.headers.get('idempotency-replayed') === 'true',
    };
  }

  pay(
    sender: CustomerId,
    recipient: CustomerId,
    sats: bigint,
    options: { readonly key?: string; readonly memo?: string; readonly url?: string } = {},
  ): Promise<Answer> {
    const { memo, ...rest } = options;
    const body = { recipient, amountSats: sats.toString(), ...(memo === undefined ? {} : { memo }) };
    return this.send('POST', '', sender, { ...rest, body });
  }

  /** What was told about transfers, unsealed or not, in no order. */
  async told(customer: CustomerId): Promise<{ subject: string; data: Record<string, unknown> }[]> {
    const rows = await this.database.outboxEvent.findMany({ where: { customer } });
    return rows.map(
      ({ content }) => JSON.parse(content) as { subject: string; data: Record<string, unknown> },
    );
  }
}

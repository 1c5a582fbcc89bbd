// An API process that dies at a named instant of a transfer, for test/transfers/crash.test.ts.
import { openDatabase } from '../../../src/database/index.ts';
import { LedgerClient, type LedgerAddress, type LedgerCommand } from '../../../src/ledger/client/index.ts';
import type { PostgresConfig } from '../../../src/postgres/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { serveTransfers } from './transfer-api.ts';

const { config, address, dieAt } = JSON.parse(process.argv[2] ?? '') as {
  config: PostgresConfig;
  address: LedgerAddress;
  dieAt: string;
};

function die(at: string): void {
  if (dieAt === at) process.kill(process.pid, 'SIGKILL');
}

let hasPaid = false;

class DyingLedgerClient extends LedgerClient {
  override async submit(commands: readonly LedgerCommand[]) {
    const pays = commands.some(({ kind }) => kind === 'transfer');
    if (pays) die('before the ledger');
    const answer = await super.submit(commands);
    if (pays) {
      die('after the ledger');
      hasPaid = true;
    }
    return answer;
  }
}

/** The completing transaction is the only one to ask for the time after the ledger has paid. */
const clock = {
  nowMs() {
    if (hasPaid) die('inside the transaction');
    return systemClock.nowMs();
  },
};

const ledger = new DyingLedgerClient({ addresses: [address] });
const server = await serveTransfers({ database: openDatabase(config), ledger, clock }, (store) => ({
  ...store,
  async complete(claim, act) {
    const reply = await store.complete(claim, act);
    die('after the commit');
    return reply;
  },
}));
process.stdout.write(`${server.url}\n`);

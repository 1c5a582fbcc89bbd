// A ledger process that a test kills. Run with the configuration as JSON in the first argument; says `ready`
// on its standard output. With `killAt` it kills itself at that point of the n-th append: `before` the
// statement is sent, or `after` the commit and before anybody is answered.
import { runLedger, type LedgerConfig } from '../../../src/ledger/index.ts';
import type { LedgerStores } from '../../../src/ledger/store/postgres-stores.ts';

export interface KillPoint {
  readonly when: 'before' | 'after';
  readonly append: number;
}

const { config, killAt } = JSON.parse(process.argv[2] ?? '') as { config: LedgerConfig; killAt?: KillPoint };

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('still alive');
}

function wrap(stores: LedgerStores): LedgerStores {
  if (killAt === undefined) return stores;
  let appends = 0;
  const { store } = stores;
  const deadly = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name !== 'append') return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      return async (batch: Parameters<typeof store.append>[0]) => {
        const isLast = ++appends === killAt.append;
        if (isLast && killAt.when === 'before') die();
        const appended = await target.append(batch);
        if (isLast) die();
        return appended;
      };
    },
  });
  return { ...stores, store: deadly };
}

const say = (level: string) => (facts: object, message: string) =>
  process.stderr.write(`${level} ${message} ${JSON.stringify(facts)}\n`);
const logger = { info: say('info'), warn: say('warn'), error: say('error') };
const ledger = await runLedger(config, logger, wrap);
await ledger.ready;
process.stdout.write('ready\n');
await ledger.ended;

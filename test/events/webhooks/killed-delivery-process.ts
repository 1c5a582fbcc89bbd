// A worker that delivers and never gets to record it, for test/events/webhooks/killed-delivery.test.ts.
import { openDatabase } from '../../../src/database/index.ts';
import { deliverOne } from '../../../src/events/index.ts';
import { createKeyedHash } from '../../../src/http/index.ts';
import type { PostgresConfig } from '../../../src/postgres/index.ts';

const { config, claimMs, nowMs } = JSON.parse(process.argv[2] ?? '') as {
  config: PostgresConfig;
  claimMs: number;
  nowMs: number;
};

let questions = 0;
const clock = {
  nowMs() {
    questions += 1;
    // The fourth question, after claim, start and signature, is what time it is when the answer has come.
    if (questions === 4) process.kill(process.pid, 'SIGKILL');
    return nowMs;
  },
};
const hash = createKeyedHash([Buffer.alloc(32, 7)]);
await deliverOne({ database: openDatabase(config), hash, clock, allowLoopback: true }, { claimMs });

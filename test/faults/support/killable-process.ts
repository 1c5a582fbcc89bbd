// A program of the product as a process of a test: it can be told to die at a named instant, and what time it is.
// One that waits has loaded the program's code, and runs it when it gets its plan.
import { writeSync } from 'node:fs';
import { run } from '../../../src/main/cli.ts';
import { watchCrashPoints } from '../../../src/shared/index.ts';
import type { Arming, Order, Plan } from './killable.ts';

let armed: Arming | undefined;
let offsetMs = 0;

async function begin({ words, arming, clockOffsetMs }: Plan): Promise<void> {
  armed = arming;
  offsetMs = clockOffsetMs;
  await run(words);
}

watchCrashPoints((point) => {
  if (armed?.point !== point) return;
  armed = { point, nth: armed.nth - 1 };
  if (armed.nth > 0) return;
  // The log is a file, so this line is written when the process is gone.
  writeSync(2, `killed at ${point}\n`);
  process.kill(process.pid, 'SIGKILL');
});

const RealDate = globalThis.Date;
const realNow = RealDate.now.bind(RealDate);
RealDate.now = () => realNow() + offsetMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, given: unknown[], asked) =>
    Reflect.construct(target, given.length === 0 ? [RealDate.now()] : given, asked) as Date,
});

process.on('message', (order: Order) => {
  if (order.kind === 'begin') {
    void begin(order.plan);
    return;
  }
  if (order.kind === 'arm') armed = order.arming;
  else offsetMs = order.offsetMs;
  process.send?.({ kind: 'done' });
});

const [, , role = ''] = process.argv;
await import('../../../src/main/register-roles.ts');
await import(`../../../src/main/roles/${role}.ts`);

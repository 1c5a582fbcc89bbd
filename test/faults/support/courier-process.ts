// Operator and station as a process that dies with a bundle in hand: run with its plan and the instant as JSON.
import { watchCrashPoints, type CrashPoint } from '../../../src/shared/index.ts';
import { Courier, type CourierPlan } from './courier.ts';

const { plan, dieAt } = JSON.parse(process.argv[2] ?? '') as { plan: CourierPlan; dieAt: CrashPoint };

watchCrashPoints((point) => {
  if (point === dieAt) process.kill(process.pid, 'SIGKILL');
});
const courier = await Courier.open(plan);
while ((await courier.carry()) === 0) await new Promise((resolve) => setTimeout(resolve, 100));
await courier.close();

import { ManualClock } from '../../src/shared/index.ts';
import { createWireServer, openSigner, type SignerPlan } from '../../src/signer/index.ts';
import { NOW } from '../fixtures/intents.ts';
import { fixtureMasters } from '../fixtures/masters.ts';

// A signer that can be killed: run with its plan and its socket as JSON.
const { plan, socket } = JSON.parse(process.argv[2] ?? '') as { plan: SignerPlan; socket: string };

const signer = await openSigner({ ...plan, masters: fixtureMasters(), clock: new ManualClock(NOW) });
const onFailure = (method: string, thrown: unknown): void => {
  process.stderr.write(`${method}: ${String(thrown)}\n`);
};
createWireServer({ methods: signer.methods, onFailure }).listen(socket, () =>
  process.stdout.write('ready\n'),
);

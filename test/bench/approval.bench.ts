// From the last approval to the signature: the signer checks a bundle of one withdrawal from its bytes (the customer's
// and two approvers' signatures, the manifest, the wallet, the PSBT), writes it down durably, has its witness
// countersign, signs and verifies. Beside the bare signing that it cannot do without.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { completeSpend, parsePsbtBase64, signPsbt } from '../../src/bitcoin/index.ts';
import { verifyBundle, type SigningBundle } from '../../src/intents/index.ts';
import { startEmbeddedServer } from '../../src/postgres/index.ts';
import { builtPayout, bundleOf, payoutIntent, registeredWallet } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';
import { ensureTemplate } from '../postgres/template.ts';
import { useTestServer } from '../postgres/test-database.ts';
import { SignerScene } from '../signer/signer-scene.ts';
import type { Bench } from './run.ts';

const EACH = 10;
const ROUNDS = 5;

/** A server that writes to the disk before it answers, as in production. */
async function durableServer(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'trilock-bench-'));
  // PostgreSQL runs as another user when this is root.
  await chmod(folder, 0o711);
  const server = await startEmbeddedServer({ directory: join(folder, 'postgres') });
  useTestServer(await ensureTemplate(server.config));
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

export default async function approvalBench(): Promise<Bench> {
  const stopServer = await durableServer();
  const scene = await SignerScene.open(({ manifest }) => ({
    ...manifest,
    limits: { ...manifest.limits, maxDailySatoshis: '100000000000' },
  }));
  const signer = await scene.start();
  await scene.loadManifest(signer);
  const wallet = await scene.openWallet(signer, 'bench');
  // One unmeasured round before the others.
  const waiting = Array.from({ length: EACH * (ROUNDS + 1) }, () => scene.payout(wallet).bundle);

  const known = registeredWallet(scene.house, 'bare');
  const intent = payoutIntent(known);
  const bundle: SigningBundle = bundleOf(scene.house, known, [intent], builtPayout(known, [intent]));
  const { id, credential, signer: key } = scene.house.customers[0];
  const { expectation } = await verifyBundle(
    bundle,
    {
      manifest: scene.house.manifest,
      wallet: { id: known.id, name: known.id, customer: id, descriptor: known.descriptor, keyNames: [] },
      credentialsOf: () => new Map([[credential, key.publicKey]]),
    },
    NOW,
  );
  const [first, second] = known.keys;
  if (first === undefined || second === undefined) throw new Error('the wallet has no keys');

  return {
    comparisons: [
      {
        name: 'approval to signature, one withdrawal of one coin',
        unit: 'withdrawals',
        rounds: ROUNDS,
        baseline: {
          name: 'both keys sign and the transaction is verified, nothing else',
          run: () => {
            for (let round = 0; round < EACH; round += 1) {
              const once = signPsbt(parsePsbtBase64(bundle.psbt), first.accountKey, known.descriptor);
              completeSpend(signPsbt(once, second.accountKey, known.descriptor), expectation);
            }
            return EACH;
          },
        },
        ours: {
          name: 'the signer behind its socket, durable and witnessed',
          run: async () => {
            for (const next of waiting.splice(0, EACH)) await signer.sign({ bundle: next });
            return EACH;
          },
        },
      },
    ],
    close: async () => {
      await scene.close();
      await stopServer();
    },
  };
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compiled } from '../../src/main/compile.mjs';
import { intentHash } from '../../src/intents/index.ts';
import { keyIdOf } from '../../src/keyring/index.ts';
import { connect } from '../../src/postgres/index.ts';
import { newId } from '../../src/shared/index.ts';
import { signerClient, type SignerClient } from '../../src/signer/index.ts';
import type { TestWallet } from '../fixtures/custody.ts';
import { SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let wallet: TestWallet;
let child: ChildProcess | undefined;

/** A signer as a process of its own: the one that runs, or a new one. */
async function spawnSigner(): Promise<SignerClient> {
  const path = join(scene.directory, 'killed.socket');
  if (child !== undefined) return signerClient({ path });
  await rm(path, { force: true });
  const { clock: _clock, masters: _masters, ...plan } = scene.plan();
  const program = join(import.meta.dirname, 'signer-process.ts');
  const started = spawn(process.execPath, [await compiled(program), JSON.stringify({ plan, socket: path })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  await Promise.race([once(started.stdout, 'data'), once(started, 'exit')]);
  return signerClient({ path });
}

async function kill(): Promise<void> {
  if (child === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  child = undefined;
}

beforeAll(async () => {
  scene = await SignerScene.open();
  const signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'killed');
  await scene.stopSigners();
});
afterAll(async () => {
  await kill();
  await scene.close();
});

/** Runs a call of a signer until it waits to write into `table`, and kills it there. */
async function killedAtInsert(
  table: string,
  call: (signer: SignerClient) => Promise<unknown>,
): Promise<void> {
  const signer = await spawnSigner();
  const holder = await connect(scene.database.superuser);
  try {
    await holder.query(`BEGIN; LOCK TABLE signer.${table} IN SHARE ROW EXCLUSIVE MODE`);
    const outcome = call(signer).catch((thrown: unknown) => thrown);
    const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'signer.${table}'::regclass`;
    while ((await scene.query(waiting)).length === 0) await sleep(20);
    await kill();
    expect(await outcome).toMatchObject({ code: 'wire_unreachable' });
    // What was not committed by the killed process must never be: nobody is there to commit it.
    await holder.query('ROLLBACK');
  } finally {
    await holder.end();
  }
}

/** A new process signs what the killed one did not; the record tells of it once. */
async function signedOnceAfterRestart(payout: ReturnType<SignerScene['payout']>): Promise<void> {
  const signer = await spawnSigner();
  const answer = await signer.sign({ bundle: payout.bundle });
  expect(await signer.sign({ bundle: payout.bundle })).toEqual(answer);
  const hash = intentHash(payout.intent);
  const rows = await scene.query<{ txid: string }>(
    `SELECT txid FROM signer.spend_intent JOIN signer.spend USING (txid)
       JOIN signer.released_signature USING (txid) WHERE intent_hash = '${hash}'`,
  );
  expect(rows).toEqual([{ txid: answer.txid }]);
  const entries = await scene.query(
    `SELECT FROM signer.journal WHERE kind = 'signed' AND subject LIKE '%${answer.txid}%'`,
  );
  expect(entries).toHaveLength(1);
  expect((await signer.status({})).sealed).toBeNull();
}

describe('a signer killed with SIGKILL', () => {
  it.each(['journal', 'spend_intent'])(
    'before its record is whole (%s) has recorded nothing',
    async (table) => {
      const payout = scene.payout(wallet);
      await killedAtInsert(table, (signer) => signer.sign({ bundle: payout.bundle }));
      const hash = intentHash(payout.intent);
      expect(
        await scene.query(`SELECT FROM signer.consumed_intent WHERE intent_hash = '${hash}'`),
      ).toHaveLength(0);
      await signedOnceAfterRestart(payout);
    },
  );

  it('when the witness has heard of it and nothing is signed, goes on where it was', async () => {
    const payout = scene.payout(wallet);
    const signer = await spawnSigner();
    const original = scene.witnessMethods;
    const asked = new Promise<void>((resolve) => {
      scene.witnessMethods = {
        ...original,
        countersign: async (statement) => {
          const answer = await original.countersign(statement);
          resolve();
          await sleep(60_000, undefined, { ref: false });
          return answer;
        },
      };
    });
    const outcome = signer.sign({ bundle: payout.bundle }).catch((thrown: unknown) => thrown);
    await asked;
    await kill();
    await outcome;
    scene.witnessMethods = original;
    await signedOnceAfterRestart(payout);
  });

  it('with the signature made and not written down, lets nothing out, and makes the same again', async () => {
    const payout = scene.payout(wallet);
    const before = await scene.signatures();
    await killedAtInsert('released_signature', (signer) => signer.sign({ bundle: payout.bundle }));
    expect(await scene.signatures()).toBe(before);
    await signedOnceAfterRestart(payout);
  });

  it('with the answer written down and not given, gives it after', async () => {
    const payout = scene.payout(wallet);
    const signer = await spawnSigner();
    const answer = await signer.sign({ bundle: payout.bundle });
    await kill();
    const again = await spawnSigner();
    expect(await again.sign({ bundle: payout.bundle })).toEqual(answer);
  });

  it('between the key’s backup and its record, answers with that very key', async () => {
    const id = newId('wallet');
    const ask = { wallet: id, network: 'regtest' } as const;
    await killedAtInsert('platform_key', (signer) => signer.createPlatformKey(ask));
    const copies = await readdir(join(scene.directory, 'site-b'));
    const signer = await spawnSigner();
    const { attestation } = await signer.createPlatformKey(ask);
    const name = `platform-${keyIdOf(attestation.statement.xpub)}.envelope`;
    expect(copies).toContain(name);
    expect(await readdir(join(scene.directory, 'site-b'))).toEqual(copies);
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { intentHash } from '../../src/intents/index.ts';
import { SignerScene } from './signer-scene.ts';

// A superuser of the signer's database can change anything in it. At its next start the signer notices.

let scene: SignerScene;
let txid: string;
let hash: string;

beforeAll(async () => {
  scene = await SignerScene.open();
  const signer = await scene.start();
  await scene.loadManifest(signer);
  const wallet = await scene.openWallet(signer, 'tampered');
  const { intent, bundle } = scene.payout(wallet);
  ({ txid } = await signer.sign({ bundle }));
  hash = intentHash(intent);
  await signer.revoke({ intentHash: 'a'.repeat(64), reason: 'a revocation that somebody would like away' });
});
afterAll(() => scene.close());

async function startedAfter(change: string): Promise<string> {
  await scene.stopSigners();
  await scene.query(`SET session_replication_role = replica; ${change}`);
  const signer = await scene.start();
  return (await signer.status({})).sealed?.reason ?? 'not sealed';
}

it('an untouched record passes', async () => {
  expect(await startedAfter('SELECT 1')).toBe('not sealed');
});

it.each([
  ['a revocation taken out', 'DELETE FROM signer.revoked_intent', () => 'row is missing: revoked'],
  [
    'a consumed intent taken out',
    'DELETE FROM signer.consumed_intent',
    () => `row is missing: consumed ${hash}`,
  ],
  ['a spend taken out', 'DELETE FROM signer.spend', () => `row is missing: spend ${txid}`],
  [
    'a smaller amount consumed',
    'UPDATE signer.consumed_intent SET satoshis = 1',
    () => `missing: consumed ${hash}`,
  ],
  [
    'a credential put in',
    `INSERT INTO signer.credential SELECT 'crd_01jz', customer, '{"algorithm":"ed25519","raw":"x"}', 1 FROM signer.credential`,
    () => 'row was added: credential',
  ],
  [
    'a wallet given to another customer',
    `UPDATE signer.wallet SET registration = replace(registration, '"plan":"custodial"', '"plan":"collaborative"')`,
    () => 'row is missing: wallet',
  ],
  [
    'a manifest with another limit',
    `UPDATE signer.manifest SET document = replace(document, '"maxDailySatoshis":"500000000"', '"maxDailySatoshis":"500000000000"')`,
    () => 'row is missing: manifest 1',
  ],
  [
    'an entry of the journal changed',
    `UPDATE signer.journal SET subject = replace(subject, '${'a'.repeat(64)}', '${'b'.repeat(64)}')`,
    () => 'was changed',
  ],
  ['an entry taken out', `DELETE FROM signer.journal WHERE kind = 'key'`, () => 'does not follow'],
])('%s keeps it sealed', async (_, change, reason) => {
  const tables = [
    'revoked_intent',
    'consumed_intent',
    'spend',
    'credential',
    'wallet',
    'manifest',
    'journal',
  ];
  await scene.stopSigners();
  await scene.query(
    `DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept;
     ${tables.map((name) => `CREATE TABLE kept.${name} AS TABLE signer.${name};`).join('')}`,
  );
  expect(await startedAfter(change)).toContain(reason());
  await scene.stopSigners();
  await scene.query(
    `SET session_replication_role = replica;
     ${tables.map((name) => `DELETE FROM signer.${name}; INSERT INTO signer.${name} SELECT * FROM kept.${name};`).join('')}`,
  );
});

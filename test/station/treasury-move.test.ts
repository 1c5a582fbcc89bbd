import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parsePsbtBase64, verifySignatures } from '../../src/bitcoin/index.ts';
import { manifestHash, type SigningBundle, type TreasuryMoveIntent } from '../../src/intents/index.ts';
import {
  checkBundle,
  inspectBundle,
  loadManifest,
  registerWallet,
  requireSignable,
  signBundle,
} from '../../src/station/index.ts';
import { registeredWallet, type TestWallet } from '../fixtures/custody.ts';
import { NOW, signedManifest } from '../fixtures/intents.ts';
import { builtMove, moveBundle, moveIntent, pinning } from '../fixtures/treasury.ts';
import { mastersOf, stationHouse, temporaryRoot, type StationHouse } from './offices.ts';

let root: string;
let all: StationHouse;
let hot: TestWallet;
let cold: TestWallet;
let other: TestWallet;

beforeAll(async () => {
  root = await temporaryRoot();
  all = await stationHouse(root, 3);
  const { house, keys, station } = all;
  hot = registeredWallet(house, 'hot', { customer: null, keys: { cold: keys[0]! } });
  cold = registeredWallet(house, 'cold', { customer: null, keys: { cold: keys[1]! } });
  other = registeredWallet(house, 'other', { customer: null, keys: { cold: keys[2]! } });
  await registerWallet(station, cold);
  const second = { ...house.manifest, number: 2, previousHash: manifestHash(house.manifest) };
  await loadManifest(station, signedManifest(house.house, pinning(second, hot, cold)));
});
afterAll(() => rm(root, { recursive: true, force: true }));

function refill(to: TestWallet, change: Partial<TreasuryMoveIntent> = {}): SigningBundle {
  const intent = moveIntent('refill', cold, to, { requester: all.house.house.approvers[0]!.id, ...change });
  return moveBundle(all.house, cold, intent, builtMove(intent, cold, to));
}

it('a refill of the hot wallet is shown in words and signed', async () => {
  const bundle = refill(hot);
  const { lines, refusal } = await inspectBundle(all.station, bundle, NOW);
  expect(refusal).toBeNull();
  expect(lines.join('\n')).toContain(`refill the hot wallet ${hot.id}`);
  const signable = await requireSignable(all.station, await checkBundle(all.station, bundle, NOW), {
    nowMs: NOW,
  });
  const { psbt } = await signBundle(all.station, signable, mastersOf('cold'));
  const position = cold.keys.findIndex(({ attestation }) => attestation.statement.role === 'cold');
  for (const signers of verifySignatures(parsePsbtBase64(psbt), cold.descriptor))
    expect(signers).toEqual([position]);
});

it('a refill of another wallet, or one that nobody approved, is not', async () => {
  expect((await inspectBundle(all.station, refill(other), NOW)).refusal?.code).toBe('move_not_pinned');
  const [entitled] = refill(hot).intents;
  const lacking = { ...refill(hot), intents: [{ ...entitled!, approvals: [] }] };
  await expect(checkBundle(all.station, lacking, NOW)).rejects.toMatchObject({
    code: 'approvals_insufficient',
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  manifestHash,
  signerResumeDigest,
  statementDigest,
  type SignerResume,
} from '../../src/intents/index.ts';

import type { SignerClient } from '../../src/signer/index.ts';
import { openWitness } from '../../src/signer/witness/index.ts';
import { bundleOf, builtPayout, payoutIntent, type TestWallet } from '../fixtures/custody.ts';
import { approval, at } from '../fixtures/intents.ts';
import { backUp, refusalOf, SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let signer: SignerClient;
let wallet: TestWallet;

beforeEach(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'witnessed');
});
afterEach(() => scene.close());

const attempt = (): Promise<string> => {
  const { bundle } = scene.payout(wallet);
  return refusalOf(scene, signer, () => signer.sign({ bundle }));
};

async function permission(
  change: Partial<SignerResume['statement']> = {},
  officers = scene.house.house.officers.slice(0, 2),
): Promise<SignerResume> {
  const { witness, signerKey } = await signer.status({});
  const statement: SignerResume['statement'] = {
    purpose: 'resume signer',
    network: 'regtest',
    signerKey,
    witnessKey: witness?.key ?? '0'.repeat(64),
    witnessHead: witness?.head ?? null,
    issuedAt: at(1),
    ...change,
  };
  const digest = signerResumeDigest(statement);
  return {
    statement,
    signatures: officers.map(({ id, signer: by }) => ({ officer: id, signature: by.sign(digest) })),
  };
}

/** As the application does when it has told the signer again of every restriction in force. */
async function tellAgain(): Promise<void> {
  await signer.restrictionsTold({ epoch: (await signer.standing({})).epoch });
}

const tryResume = (resume: SignerResume): Promise<string> =>
  refusalOf(scene, signer, () => signer.resume(resume));

describe('a signer restored from an old backup', () => {
  it('signs nothing until the officers’ quorum names the witness’s head, and then only what is approved anew', async () => {
    const restore = await backUp(scene);
    const { bundle } = scene.payout(wallet);
    const { txid } = await signer.sign({ bundle });
    await scene.stopSigners();
    await restore();
    signer = await scene.start();
    const { sealed, journal, witness } = await signer.status({});
    expect(sealed?.reason).toContain('restored from an old copy');
    expect(witness?.head?.counter).toBeGreaterThan(journal.counter);
    const [noted] = (await signer.alerts({ after: 0, limit: 500 })).alerts.slice(-1);
    expect(noted).toMatchObject({ kind: 'sealed', method: 'start' });
    expect(await attempt()).toBe('signer_sealed');
    const { registration } = wallet;
    expect(await refusalOf(scene, signer, () => signer.registerWallet({ registration }))).toBe(
      'signer_sealed',
    );

    expect(await tryResume(await permission({}, scene.house.house.officers.slice(0, 1)))).toBe(
      'manifest_not_signed',
    );
    const behind = { counter: journal.counter, manifestVersion: 1, consumedHead: journal.head };
    expect(await tryResume(await permission({ witnessHead: behind }))).toBe('resume_wrong');
    expect(await tryResume(await permission({ signerKey: 'a'.repeat(64) }))).toBe('resume_wrong');
    expect(await tryResume(await permission({ witnessKey: 'a'.repeat(64) }))).toBe('resume_wrong');
    expect(await tryResume(await permission({ issuedAt: at(-60 * 25) }))).toBe('resume_wrong');
    const resume = await permission();
    await signer.resume(resume);
    expect((await signer.status({})).sealed).toBeNull();
    expect(await tryResume(resume)).toBe('resume_wrong');
    expect(await attempt()).toBe('restrictions_untold');
    await tellAgain();

    // The record of the first signature is lost, and so its approvals must not count a second time.
    expect(await refusalOf(scene, signer, () => signer.sign({ bundle }))).toBe('approval_before_resume');
    expect(await attempt()).toBe('approval_before_resume');
    scene.clock.advance(10 * 60_000);
    const answer = await signer.sign({ bundle: approvedAnew() });
    expect(answer.txid).not.toBe(txid);
    await scene.stopSigners();
    signer = await scene.start();
    expect((await signer.status({})).sealed).toBeNull();
  });

  it('is found out while it runs, not only at its start', async () => {
    const restore = await backUp(scene);
    await signer.sign({ bundle: scene.payout(wallet).bundle });
    await restore();
    expect(await attempt()).toBe('signer_sealed');
  });

  it('is found out too when it caught up with other entries', async () => {
    const restore = await backUp(scene);
    await signer.sign({ bundle: scene.payout(wallet).bundle });
    await restore();
    await scene.stopWitness();
    for (const digit of '0123') await signer.revoke({ intentHash: digit.repeat(64), reason: 'to catch up' });
    await scene.startWitness(scene.witnessMethods);
    expect((await signer.status({})).sealed?.reason).toContain('not the one that was witnessed');
    expect(await attempt()).toBe('signer_sealed');
    const resume = await permission();
    await signer.resume(resume);
    await tellAgain();
    expect((await signer.status({})).sealed).toBeNull();
    // What was revoked while it was behind stays revoked.
    expect((await signer.status({})).revoked).toBe(4);
  });
});

/** A payout whose request and approvals were signed after the resumption. */
function approvedAnew() {
  const intent = payoutIntent(wallet);
  const built = builtPayout(wallet, [intent], scene.coins(wallet));
  const bundle = bundleOf(scene.house, wallet, [intent], built);
  const [first, , third] = scene.house.house.approvers;
  const approvals = [first!, third!].map((by) => approval(intent, by, { signedAt: at(5) }));
  const [entry] = bundle.intents;
  const { statement } = entry!.request!;
  const anew = { ...statement, signedAt: at(4) };
  const signature = scene.house.customers[0].signer.sign(statementDigest(anew));
  return scene.cosigned(wallet, {
    ...bundle,
    intents: [{ intent, approvals, request: { statement: anew, signature } }],
  });
}

describe('without its witness', () => {
  it('nothing is signed, but what must stop is stopped', async () => {
    const { bundle } = scene.payout(wallet);
    await scene.stopWitness();
    expect(await refusalOf(scene, signer, () => signer.sign({ bundle }))).toBe('witness_out_of_reach');
    expect((await signer.status({})).sealed).not.toBeNull();
    await signer.revoke({ intentHash: 'e'.repeat(64), reason: 'must work at any time' });
    await scene.startWitness(scene.witnessMethods);
    expect((await signer.sign({ bundle })).counter).toBeGreaterThan(0);
  });

  it('nothing is signed when it forgot, or when another takes its place', async () => {
    await mkdir(join(scene.directory, 'other'));
    const other = await openWitness(join(scene.directory, 'other'));
    await scene.startWitness(other.methods);
    expect(await attempt()).toBe('signer_sealed');
    expect((await signer.status({})).sealed?.reason).toContain('forgotten');
  });

  it('a lost answer of the witness is asked for again', async () => {
    const { bundle } = scene.payout(wallet);
    const original = scene.witnessMethods;
    scene.witnessMethods = {
      ...original,
      countersign: async (statement) => {
        await original.countersign(statement);
        throw new Error('the answer is lost on the way');
      },
    };
    await expect(signer.sign({ bundle })).rejects.toThrow();
    expect(await scene.signatures()).toBe(0);
    scene.witnessMethods = original;
    const answer = await signer.sign({ bundle });
    expect(await signer.sign({ bundle })).toEqual(answer);
  });
});

describe('sealed by hand', () => {
  it('it signs again only at the officers’ word', async () => {
    await signer.seal({ reason: 'something is odd' });
    expect(await attempt()).toBe('signer_sealed');
    expect((await signer.status({})).sealed?.reason).toContain('something is odd');
    await scene.stopSigners();
    signer = await scene.start();
    expect(await attempt()).toBe('signer_sealed');
    await signer.resume(await permission());
    await tellAgain();
    scene.clock.advance(10 * 60_000);
    expect((await signer.sign({ bundle: approvedAnew() })).txid).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('the manifest', () => {
  it('is needed for everything, and the first comes by its pinned hash alone', async () => {
    const bare = await SignerScene.open();
    const client = await bare.start({ firstManifestHash: undefined });
    const refused = (call: () => Promise<unknown>) => refusalOf(bare, client, call);
    expect((await client.status({})).manifest).toBeNull();
    const { bundle } = scene.payout(wallet);
    expect(await refused(() => client.sign({ bundle }))).toBe('manifest_missing');
    const { registration } = await bare.wallet(client, 'bare');
    expect(await refused(() => client.registerWallet({ registration }))).toBe('manifest_missing');
    expect(await refused(() => bare.loadManifest(client))).toBe('manifest_not_pinned');
    const pinned = await bare.start({ firstManifestHash: 'f'.repeat(64) });
    expect(await refusalOf(bare, pinned, () => bare.loadManifest(pinned))).toBe('manifest_not_signed');
    await bare.close();
  });

  it('is followed by the next and never by an earlier one', async () => {
    const { manifest } = scene.house;
    const second = { ...manifest, number: 2, previousHash: manifestHash(manifest) };
    await scene.loadManifest(signer, second);
    await scene.loadManifest(signer, second);
    expect((await signer.status({})).manifest?.number).toBe(2);
    const load = (next: typeof manifest) => refusalOf(scene, signer, () => scene.loadManifest(signer, next));
    expect(await load(manifest)).toBe('manifest_rolled_back');
    expect(await load({ ...second, number: 4 })).toBe('manifest_rolled_back');
    expect(await attempt()).toBe('accepted');
    scene.clock.advance(91 * 24 * 3_600_000);
    expect(await attempt()).toBe('manifest_expired');
  });
});

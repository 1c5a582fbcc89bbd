import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  intentHash,
  signerResumeDigest,
  type ReleaseIntent,
  type SignerResume,
  type SigningBundle,
} from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import type { SignerParameters } from '../../src/signer/signer-contract.ts';
import type { TestWallet } from '../fixtures/custody.ts';
import { approval, NOW, releaseIntent, signedRequest } from '../fixtures/intents.ts';
import { refusalOf, SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let signer: SignerClient;
let wallet: TestWallet;

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'restricted');
});
afterAll(() => scene.close());

const iso = (ms: number): string => new Date(ms).toISOString();

/** Everything is signed a moment after what happened last. */
function later(): string {
  scene.clock.advance(1_000);
  return iso(scene.clock.nowMs());
}

/** A payout whose approvals were given just now. */
function approvedNow(): SigningBundle {
  const { intent, bundle } = scene.payout(wallet);
  const [first, , third] = scene.house.house.approvers;
  const signedAt = later();
  const approvals = [first!, third!].map((by) => approval(intent, by, { signedAt }));
  return { ...bundle, intents: bundle.intents.map((entitled) => ({ ...entitled, approvals })) };
}

async function restrict(openedBy: string): Promise<string> {
  scene.clock.advance(1_000);
  const restriction = newId('restriction');
  const customer = wallet.registration.customer ?? '';
  await signer.restrict({ restriction, customer, kind: 'case', openedBy });
  return restriction;
}

function releaseOf(
  restriction: string,
  openedBy: string,
  change: Partial<ReleaseIntent['body']> = {},
): SignerParameters<'release'> {
  const { house } = scene.house;
  const [asker, other] = house.approvers as [(typeof house.approvers)[0], (typeof house.approvers)[0]];
  const signedAt = later();
  const plain = releaseIntent(house, asker.id, openedBy);
  const customer = wallet.registration.customer ?? '';
  const intent = {
    ...plain,
    createdAt: iso(scene.clock.nowMs() - 500),
    expiresAt: iso(scene.clock.nowMs() + 86_400_000),
    body: { ...plain.body, customer, restriction, ...change },
  };
  return {
    intent,
    request: signedRequest(house, intent, asker.signer, asker.id, signedAt),
    approvals: [approval(intent, other, { signedAt })],
  };
}

describe('a restricted customer', () => {
  const opener = newId('staff');

  it('gets no signature, also not one that was asked for before, until a release is approved', async () => {
    const { bundle } = scene.payout(wallet);
    const restriction = await restrict(opener);
    expect(await refusalOf(scene, signer, () => signer.sign({ bundle }))).toBe('account_restricted');
    await signer.release(releaseOf(restriction, opener));
    // What was approved before is void: people decide anew, knowing what has happened.
    expect(await refusalOf(scene, signer, () => signer.sign({ bundle }))).toBe('approval_before_release');
    const { txid } = await signer.sign({ bundle: approvedNow() });
    expect(txid).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not even get an answer repeated that was lost', async () => {
    const asked = approvedNow();
    const answer = await signer.sign({ bundle: asked });
    const restriction = await restrict(opener);
    expect(await refusalOf(scene, signer, () => signer.sign({ bundle: asked }))).toBe('account_restricted');
    await signer.release(releaseOf(restriction, opener));
    expect(await signer.sign({ bundle: asked })).toEqual(answer);
  });

  it('stays restricted while one of two restrictions is in force', async () => {
    const [first, second] = [await restrict(opener), await restrict(opener)];
    await signer.release(releaseOf(first, opener));
    const { bundle } = scene.payout(wallet);
    expect(await refusalOf(scene, signer, () => signer.sign({ bundle }))).toBe('account_restricted');
    await signer.release(releaseOf(second, opener));
  });

  it('is no obstacle to others, and is told of more than once without harm', async () => {
    const [, neighbour] = scene.house.customers;
    const restriction = newId('restriction');
    const told = { restriction, customer: neighbour.id, kind: 'case' as const, openedBy: opener };
    expect(await signer.restrict(told)).toEqual(await signer.restrict(told));
    const stranger = { ...told, openedBy: newId('staff') };
    expect(await refusalOf(scene, signer, () => signer.restrict(stranger))).toBe('restriction_differs');
    expect((await signer.sign({ bundle: approvedNow() })).txid).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a release is refused', () => {
  const opener = newId('staff');
  let restriction: string;

  beforeAll(async () => {
    restriction = await restrict(opener);
  });

  async function refused(change: (release: SignerParameters<'release'>) => SignerParameters<'release'>) {
    const release = change(releaseOf(restriction, opener));
    return await refusalOf(scene, signer, () => signer.release(release));
  }

  it('without enough approvals, and by approvals for another one', async () => {
    expect(await refused((release) => ({ ...release, approvals: [] }))).toBe('approvals_insufficient');
    const other = releaseOf(newId('restriction'), opener);
    expect(await refused((release) => ({ ...release, approvals: other.approvals }))).toBe(
      'approval_for_another_intent',
    );
  });

  it('for a restriction that was never imposed, of another customer, or with another opener', async () => {
    const [, neighbour] = scene.house.customers;
    const releases = [
      releaseOf(newId('restriction'), opener),
      releaseOf(restriction, opener, { customer: neighbour.id }),
      releaseOf(restriction, newId('staff')),
    ];
    for (const release of releases) {
      expect(await refusalOf(scene, signer, () => signer.release(release))).toBe('restriction_unknown');
    }
  });

  it('when the opener approves it, also through a tampered database', async () => {
    const [, second] = scene.house.house.approvers;
    const own = await restrict(second!.id);
    const release = releaseOf(own, second!.id);
    expect(await refusalOf(scene, signer, () => signer.release(release))).toBe('approver_is_requester');
    // The application says that somebody else had opened it.
    const lie = releaseOf(own, opener);
    expect(await refusalOf(scene, signer, () => signer.release(lie))).toBe('restriction_unknown');
  });

  it('when it was signed before the restriction, or has expired', async () => {
    const early = releaseOf(restriction, opener);
    const signedAt = iso(NOW - 60_000);
    const [first] = early.approvals;
    const intent = { ...early.intent, createdAt: iso(NOW - 120_000) };
    const [asker, other] = scene.house.house.approvers;
    const before = {
      intent,
      request: signedRequest(scene.house.house, intent, asker!.signer, asker!.id, later()),
      approvals: [
        approval(intent, other!, { ...first!.statement, intentHash: intentHash(intent), signedAt }),
      ],
    };
    expect(await refusalOf(scene, signer, () => signer.release(before))).toBe('approval_before_restriction');
    const release = releaseOf(restriction, opener);
    scene.clock.advance(2 * 86_400_000);
    expect(await refusalOf(scene, signer, () => signer.release(release))).toBe('intent_expired');
    scene.clock.advance(-2 * 86_400_000);
  });

  it('when it was signed before officers resumed the signer', async () => {
    const own = await restrict(opener);
    const release = releaseOf(own, opener);
    await signer.seal({ reason: 'a restore' });
    const { witness, signerKey } = await signer.status({});
    const statement: SignerResume['statement'] = {
      purpose: 'resume signer',
      network: 'regtest',
      signerKey,
      witnessKey: witness?.key ?? '',
      witnessHead: witness?.head ?? null,
      issuedAt: later(),
    };
    const digest = signerResumeDigest(statement);
    const officers = scene.house.house.officers.slice(0, 2);
    const signatures = officers.map((by) => ({ officer: by.id, signature: by.signer.sign(digest) }));
    await signer.resume({ statement, signatures });
    expect(await refusalOf(scene, signer, () => signer.release(release))).toBe('approval_before_resume');
    await signer.release(releaseOf(own, opener));
  });

  it('when another one has lifted it already; the same one again is answered alike', async () => {
    const release = releaseOf(restriction, opener);
    expect(await signer.release(release)).toEqual(await signer.release(release));
    const second = releaseOf(restriction, opener);
    expect(await refusalOf(scene, signer, () => signer.release(second))).toBe('restriction_lifted_already');
  });
});

it('a release that only a superuser wrote is noticed at the next start, and nothing is signed then', async () => {
  const restriction = await restrict(newId('staff'));
  await scene.query(
    `INSERT INTO signer.restriction_release VALUES ('${restriction}', '${'ab'.repeat(32)}', '[]', 1)`,
  );
  await scene.stopSigners();
  signer = await scene.start();
  const { bundle } = scene.payout(wallet);
  expect(await refusalOf(scene, signer, () => signer.sign({ bundle }))).toBe('signer_sealed');
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDomainError } from '../../src/shared/index.ts';
import { intentHash, type SigningBundle } from '../../src/intents/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { builtPayout, bundleOf, PAYEE, payoutIntent, type TestWallet } from '../fixtures/custody.ts';
import { approval, NOW } from '../fixtures/intents.ts';
import { refusalOf, SignerScene } from './signer-scene.ts';

const WAITING_FOR_THE_RECORD = `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
  WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`;

let scene: SignerScene;
let signer: SignerClient;
let wallet: TestWallet;

beforeAll(async () => {
  scene = await SignerScene.open(({ manifest }) => ({
    ...manifest,
    limits: { ...manifest.limits, maxDailySatoshis: '5000000' },
  }));
  signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'consumed');
});
afterAll(() => scene.close());

const attempt = (bundle: SigningBundle): Promise<string> =>
  refusalOf(scene, signer, () => signer.sign({ bundle }));

/** A payout and the way to build it again: other coins, other fee. */
function variants() {
  const intent = payoutIntent(wallet);
  const coins = scene.coins(wallet);
  const build = (satsPerVbyte: number, from = coins): SigningBundle =>
    scene.cosigned(
      wallet,
      bundleOf(scene.house, wallet, [intent], builtPayout(wallet, [intent], from, BigInt(satsPerVbyte))),
    );
  return { intent, coins, build };
}

describe('one intent, one set of inputs', () => {
  it('is bumped over the same coins, ever higher, and never over others', async () => {
    const { build } = variants();
    const first = await signer.sign({ bundle: build(10) });
    const bumped = await signer.sign({ bundle: build(20) });
    expect(bumped.txid).not.toBe(first.txid);
    expect(BigInt(bumped.feeSatoshis)).toBeGreaterThan(BigInt(first.feeSatoshis));
    expect(await attempt(build(15))).toBe('replacement_not_higher');
    expect(await attempt(build(25, scene.coins(wallet)))).toBe('intent_consumed');
    expect(await signer.sign({ bundle: build(10) })).toEqual(first);
    const rows = await scene.query(
      'SELECT FROM signer.spend_intent JOIN signer.released_signature USING (txid)',
    );
    expect(rows).toHaveLength(2);
  });

  it('is not signed again together with another intent, nor are its coins promised to one', async () => {
    const { intent, coins, build } = variants();
    await signer.sign({ bundle: build(10) });
    const other = payoutIntent(wallet);
    const together = builtPayout(wallet, [intent, other], coins, 20n);
    const both = scene.cosigned(wallet, bundleOf(scene.house, wallet, [intent, other], together));
    expect(await attempt(both)).toBe('intent_consumed');
    const stolen = builtPayout(wallet, [other], coins, 30n);
    const theft = scene.cosigned(wallet, bundleOf(scene.house, wallet, [other], stolen));
    expect(await attempt(theft)).toBe('outpoint_promised');
  });

  it('is signed once when two ask at once, and when two processes on one store are asked', async () => {
    const second = await scene.start();
    for (const other of [signer, second]) {
      const { intent, build } = variants();
      const answers = await Promise.allSettled([
        signer.sign({ bundle: build(10) }),
        other.sign({ bundle: build(10, scene.coins(wallet)) }),
      ]);
      const refused = answers.flatMap((answer) =>
        answer.status === 'rejected' ? [answer.reason as unknown] : [],
      );
      expect(refused.map((thrown) => (isDomainError(thrown) ? thrown.code : thrown))).toEqual([
        'intent_consumed',
      ]);
      const rows = await scene.query(
        `SELECT FROM signer.spend_intent WHERE intent_hash = '${intentHash(intent)}'`,
      );
      expect(rows).toHaveLength(1);
    }
  });

  it('gives two who ask for the same the same', async () => {
    const { bundle } = scene.payout(wallet);
    const [one, other] = await Promise.all([signer.sign({ bundle }), signer.sign({ bundle })]);
    expect(one).toEqual(other);
  });
});

describe('a revoked intent', () => {
  it('is never signed, and a signature that left before is named', async () => {
    const fresh = scene.payout(wallet);
    const hash = intentHash(fresh.intent);
    expect((await signer.revoke({ intentHash: hash, reason: 'frozen' })).signed).toEqual([]);
    expect(await attempt(fresh.bundle)).toBe('intent_revoked');
    const done = scene.payout(wallet);
    const { txid } = await signer.sign({ bundle: done.bundle });
    const revoked = await signer.revoke({ intentHash: intentHash(done.intent), reason: 'too late' });
    expect(revoked.signed).toEqual([txid]);
    expect(await signer.revoke({ intentHash: intentHash(done.intent), reason: 'again' })).toEqual(revoked);
    expect(await attempt(done.bundle)).toBe('intent_revoked');
  });

  it('is not signed either when it is revoked between record and signature', async () => {
    const { intent, bundle } = scene.payout(wallet);
    const { countersign } = scene.witnessMethods;
    const original = scene.witnessMethods;
    let revoking: Promise<unknown> | undefined;
    scene.witnessMethods = {
      ...original,
      countersign: async (statement) => {
        if (revoking === undefined) {
          revoking = signer.revoke({ intentHash: intentHash(intent), reason: 'in between' });
          // It waits for the record's lock now, and has it as soon as the witness has answered.
          while ((await scene.query(WAITING_FOR_THE_RECORD)).length === 0) await sleep(10);
        }
        return countersign(statement);
      },
    };
    const before = await scene.signatures();
    await expect(signer.sign({ bundle })).rejects.toMatchObject({ code: 'intent_revoked' });
    await revoking;
    scene.witnessMethods = original;
    expect(await scene.signatures()).toBe(before);
    expect(await attempt(bundle)).toBe('intent_revoked');
  });
});

describe('within 24 hours', () => {
  it('no more leaves than the manifest says, whoever approved', async () => {
    const day = 24 * 3_600_000;
    const large = (): SigningBundle =>
      scene.payout(wallet, {
        payments: [{ address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', satoshis: '900000' }],
      }).bundle;
    const limit = 5_000_000n;
    while (BigInt((await signer.status({})).spentLast24Hours) + 910_000n <= limit) {
      await signer.sign({ bundle: large() });
    }
    const refused = large();
    expect(await attempt(refused)).toBe('daily_limit_exceeded');
    scene.clock.advance(-day);
    // A clock set back opens nothing: all that was signed "later" counts too.
    expect(await attempt(refused)).not.toBe('accepted');
    scene.clock.advance(day);
  });

  it('that holds over all wallets and a restart, and for no longer than 24 hours', async () => {
    const other = await scene.openWallet(signer, 'another');
    const lasting = {
      payments: [{ address: PAYEE, satoshis: '900000' }],
      change: { expiresAt: new Date(NOW + 3 * 24 * 3_600_000).toISOString() },
    };
    const { bundle } = scene.payout(other, lasting);
    expect(await attempt(bundle)).toBe('daily_limit_exceeded');
    await scene.stopSigners();
    signer = await scene.start();
    expect(await attempt(bundle)).toBe('daily_limit_exceeded');
    scene.clock.advance(24 * 3_600_000 - 60_000);
    expect(await attempt(bundle)).toBe('daily_limit_exceeded');
    scene.clock.advance(60_001);
    expect(await attempt(bundle)).toBe('accepted');
  });
});

describe('above a limit that the signer holds', () => {
  it('one approval comes from a key file, by the local program, whatever pages have shown', async () => {
    const change = { expiresAt: new Date(NOW + 3 * 24 * 3_600_000).toISOString() };
    const { intent, bundle } = scene.payout(wallet, {
      payments: [{ address: PAYEE, satoshis: '1100000' }],
      change,
    });
    const [first, second, third] = scene.house.house.approvers;
    const approvedBy = (...people: readonly NonNullable<typeof first>[]): SigningBundle => ({
      ...bundle,
      intents: bundle.intents.map((one) => ({
        ...one,
        approvals: people.map((person) => approval(intent, person)),
      })),
    });
    expect(await attempt(approvedBy(first!, second!))).toBe('approvals_insufficient');
    expect(await attempt(approvedBy(third!))).toBe('approvals_insufficient');
    expect(await attempt(approvedBy(first!, third!))).toBe('accepted');
  });
});

describe('the record', () => {
  it('can be read and appended to by the signer, and not changed', async () => {
    const { connect } = await import('../../src/postgres/index.ts');
    const client = await connect(scene.database.signer);
    try {
      for (const table of [
        'journal',
        'spend',
        'consumed_intent',
        'revoked_intent',
        'released_signature',
        'alert',
        'wallet',
      ]) {
        await expect(client.query(`DELETE FROM signer.${table}`)).rejects.toMatchObject({ code: '42501' });
        await expect(client.query(`UPDATE signer.${table} SET ctid = ctid`)).rejects.toThrow();
      }
      await expect(
        client.query(
          `INSERT INTO signer.journal SELECT epoch, counter + 5, kind, subject, manifest_number, at_ms, head, repeat('a', 64), statement_signature
           FROM signer.journal ORDER BY epoch DESC, counter DESC LIMIT 1`,
        ),
      ).rejects.toMatchObject({ code: '23514' });
    } finally {
      await client.end();
    }
  });
});

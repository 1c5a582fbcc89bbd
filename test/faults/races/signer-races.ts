import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intentHash, type SigningBundle } from '../../../src/intents/index.ts';
import { isDomainError } from '../../../src/shared/index.ts';
import type { SignerClient } from '../../../src/signer/index.ts';
import { builtPayout, bundleOf, PAYEE, payoutIntent, type TestWallet } from '../../fixtures/custody.ts';
import { SignerScene } from '../../signer/signer-scene.ts';
import { seedOf, SeededRandom } from '../support/random.ts';

let scene: SignerScene;
let wallet: TestWallet;
let signers: readonly [SignerClient, SignerClient];

/** Calls arrive within this time of each other, in an order that the seed decides. */
const SPREAD_MS = 12;

async function signedBy(signer: SignerClient, bundle: SigningBundle, afterMs: number): Promise<string> {
  await sleep(afterMs);
  try {
    return (await signer.sign({ bundle })).txid;
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    return thrown.code;
  }
}

async function releasedFor(intents: readonly string[]): Promise<string[]> {
  const rows = await scene.query<{ txid: string }>(
    `SELECT DISTINCT txid FROM signer.spend_intent JOIN signer.released_signature USING (txid)
     WHERE intent_hash IN (${intents.map((hash) => `'${hash}'`).join()})`,
  );
  return rows.map(({ txid }) => txid);
}

type SignerRace = (random: SeededRandom) => Promise<void>;

function cosigned(
  intents: readonly ReturnType<typeof payoutIntent>[],
  coins = scene.coins(wallet),
): SigningBundle {
  return scene.cosigned(wallet, bundleOf(scene.house, wallet, intents, builtPayout(wallet, intents, coins)));
}

async function both(
  random: SeededRandom,
  first: SigningBundle,
  second: SigningBundle,
): Promise<readonly [string, string]> {
  return await Promise.all([
    signedBy(signers[0], first, random.below(SPREAD_MS)),
    signedBy(signers[1], second, random.below(SPREAD_MS)),
  ]);
}

const RACES: Readonly<Record<string, SignerRace>> = {
  async 'the same bundle twice'(random) {
    const { intent, bundle } = scene.payout(wallet);
    const [one, other] = await both(random, bundle, bundle);
    expect(one).toBe(other);
    expect(await releasedFor([intentHash(intent)])).toEqual([one]);
  },
  async 'one intent with two sets of coins'(random) {
    const intent = payoutIntent(wallet);
    const said = await both(random, cosigned([intent]), cosigned([intent]));
    const released = await releasedFor([intentHash(intent)]);
    expect(released).toHaveLength(1);
    expect([...said].sort()).toEqual([...released, 'intent_consumed'].sort());
  },
  async 'two intents with one coin'(random) {
    const other = { payments: [{ address: PAYEE, satoshis: '400000' }] };
    const intents = [payoutIntent(wallet), payoutIntent(wallet, other)] as const;
    const coins = scene.coins(wallet);
    const said = await both(random, cosigned([intents[0]], coins), cosigned([intents[1]], coins));
    const released = await releasedFor(intents.map((intent) => intentHash(intent)));
    expect(released).toHaveLength(1);
    expect([...said].sort()).toEqual([...released, 'outpoint_promised'].sort());
  },
  async 'sign against revoke'(random) {
    const { intent, bundle } = scene.payout(wallet);
    const hash = intentHash(intent);
    const revoke = async (): Promise<readonly string[]> => {
      await sleep(random.below(4 * SPREAD_MS));
      return (await signers[1].revoke({ intentHash: hash, reason: 'race' })).signed;
    };
    const [said, signed] = await Promise.all([
      signedBy(signers[0], bundle, random.below(SPREAD_MS)),
      revoke(),
    ]);
    expect(await releasedFor([hash])).toEqual(signed);
    // Either the signature was out, and whoever revokes is told so, or it never comes out.
    if (signed.length === 0) expect(said).toBe('intent_revoked');
    else expect([said, 'intent_revoked']).toContain(said);
    expect(await signedBy(signers[0], bundle, 0)).toBe('intent_revoked');
  },
};

/** Two processes of the signer over one record are asked at once, so many times each. */
export function useSignerRaces(times: number): void {
  beforeAll(async () => {
    scene = await SignerScene.open();
    const first = await scene.start();
    await scene.loadManifest(first);
    signers = [first, await scene.start()];
    wallet = await scene.openWallet(first, 'raced');
  });
  afterAll(() => scene.close());

  describe('two requests to the signer at once', () => {
    const base = seedOf('signer races', 'TRILOCK_RACE_SEED');

    it.each(Object.entries(RACES))(
      '%s',
      async (_name, race) => {
        const rounds = process.env['TRILOCK_RACE_SEED'] === undefined ? times : 1;
        for (let round = 0; round < rounds; round++) {
          const seed = base + round;
          try {
            await race(new SeededRandom(seed));
          } catch (thrown) {
            throw new Error(`replay with TRILOCK_RACE_SEED=${seed}`, { cause: thrown });
          }
        }
        expect((await signers[0].status({})).sealed).toBeNull();
      },
      1_800_000,
    );
  });
}

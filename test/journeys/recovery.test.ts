import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { psbtToBase64, parsePsbtBase64, type Psbt } from '../../src/bitcoin/index.ts';
import { WALLET_PLANS, type WalletPlan } from '../../src/intents/index.ts';
import {
  checkSweep,
  completeSweeps,
  openRecoveryKey,
  planSweep,
  signSweep,
} from '../../src/recovery/index.ts';
import { RECOVERY_PAIRS } from '../../src/recovery/recovery-plans.ts';
import { feeRateFromSatsPerKvb } from '../../src/shared/index.ts';
import { kitOf, readBack, type KitScene } from '../recovery/kit-fixtures.ts';
import { materialOf, positionsOf, RecoveryScene, REFUGE } from './recovery-scene.ts';

const BITCOIND = process.env['BITCOIND_BIN'];
const NODES = [
  ['the embedded node', undefined],
  ...(BITCOIND === undefined ? [] : [['Bitcoin Core', BITCOIND] as const]),
] as const;

const PAIRS = WALLET_PLANS.flatMap((plan) =>
  RECOVERY_PAIRS[plan].map(({ keys }) => [plan, keys.join(' and '), keys] as const),
);

describe.each(NODES)('with every server gone, from kit and keys on %s', (_node, binary) => {
  let scene: RecoveryScene;

  beforeAll(async () => {
    scene = await RecoveryScene.open(binary);
  });

  afterAll(() => scene.close());

  async function fundedKit(plan: WalletPlan, name: string): Promise<KitScene & { paid: bigint }> {
    const birthHeight = await scene.regtest.control.height();
    const kit = kitOf(plan, name, { birthHeight });
    const paid = await scene.pay(kit.wallet, [
      ['receive', 0, 40_000_000n],
      ['receive', 37, 2_000_000n],
      ['change', 3, 700_000n],
    ]);
    return { ...kit, paid };
  }

  it.each(PAIRS)('a %s wallet is recovered by %s', async (plan, pair, keys) => {
    const funded = await fundedKit(plan, `${plan} by ${pair}`);
    const kit = await readBack(funded);
    const positions = positionsOf(funded.wallet, keys);
    expect(positions.length).toBeGreaterThan(0);
    for (const [first, second] of positions) {
      const paid = (await scene.find(kit)).coins.reduce((sum, { value }) => sum + value, 0n);
      const arrived = await scene.sweep(kit, [
        materialOf(funded.wallet, first),
        materialOf(funded.wallet, second),
      ]);
      expect(paid - arrived).toBeGreaterThan(0n);
      expect(paid - arrived).toBeLessThan(10_000n);
      expect((await scene.find(kit)).coins).toEqual([]);
      await scene.pay(funded.wallet, [['receive', 1, 5_000_000n]]);
    }
  });

  it('block by block, coins far along the wallet are found too, and spent ones are not', async () => {
    const { wallet, ...rest } = await fundedKit('custodial', 'blocks');
    const kit = await readBack({ wallet, ...rest });
    // Paid before the address that leads to it: found only by looking through the blocks again.
    await scene.pay(wallet, [['receive', 120, 900_000n]]);
    await scene.pay(wallet, [['receive', 80, 800_000n]]);
    const byBlocks = await scene.find(kit, 50, 'blocks');
    const byOutputs = await scene.find(kit, 50);
    expect(byBlocks.searched).toBe('blocks');
    expect(byBlocks.coins.map(({ outpoint }) => outpoint).sort()).toEqual(
      byOutputs.coins.map(({ outpoint }) => outpoint).sort(),
    );
    expect(byBlocks.coins.map(({ position }) => position.index).sort((a, b) => a - b)).toEqual([
      0, 3, 37, 80, 120,
    ]);
    expect(byBlocks.window.receive).toBe(171);
    await scene.sweep(kit, [materialOf(wallet, 0), materialOf(wallet, 1)]);
    expect((await scene.find(kit, 50, 'blocks')).coins).toEqual([]);
  });

  it('a sweep that somebody changed on the way is neither signed nor completed', async () => {
    const { wallet, ...rest } = await fundedKit('custodial', 'changed');
    const kit = await readBack({ wallet, ...rest });
    const wishes = { feeRate: feeRateFromSatsPerKvb(5_000n), nowMs: Date.now(), tipTimeMs: Date.now() };
    const found = await scene.find(kit);
    const thief = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';
    const [stolen] = planSweep(kit, found, { ...wishes, to: thief });
    expect(() => signSweep(kit, stolen!, REFUGE, [])).toThrow(
      expect.objectContaining({ code: 'sweep_differs' }),
    );
    const [sound] = planSweep(kit, found, { ...wishes, to: REFUGE });
    const explained = checkSweep(kit, sound!, REFUGE).lines.join('\n');
    expect(explained).toContain(REFUGE);
    expect(explained).toContain('0.42');
    const key = openRecoveryKey(kit, materialOf(wallet, 0));
    const once: Psbt = parsePsbtBase64(psbtToBase64(signSweep(kit, sound!, REFUGE, [key])));
    key.erase();
    expect(() => completeSweeps(kit, [once, sound!], REFUGE)).toThrow(
      expect.objectContaining({ code: 'recovery_keys_too_few' }),
    );
    expect(() =>
      planSweep(kit, found, { ...wishes, to: kit.kit.firstAddresses.receive[2]!.address }),
    ).toThrow(expect.objectContaining({ code: 'recovery_destination_own' }));
    const empty = { ...found, coins: [] };
    expect(() => planSweep(kit, empty, { ...wishes, to: REFUGE })).toThrow(
      expect.objectContaining({ code: 'recovery_nothing_found' }),
    );
  });
});

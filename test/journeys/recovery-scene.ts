import {
  connectNode,
  startRegtestNode,
  type ChainNode,
  type CoreNodeOptions,
  type RegtestNode,
} from '../../src/chain/index.ts';
import { deriveAddress, mnemonicOfEntropy } from '../../src/bitcoin/index.ts';
import type { CosignerRole } from '../../src/intents/index.ts';
import { keyIdOf, sealEnvelope } from '../../src/keyring/index.ts';
import {
  completeSweeps,
  findCoins,
  openRecoveryKey,
  planSweep,
  signSweep,
  type CheckedKit,
  type FoundCoins,
  type KeyMaterial,
} from '../../src/recovery/index.ts';
import { feeRateFromSatsPerKvb, satoshis, systemClock } from '../../src/shared/index.ts';
import { temporaryDirectory } from '../chain/support/temporary-directory.ts';
import type { TestWallet } from '../fixtures/custody.ts';
import { fixtureMasters } from '../fixtures/masters.ts';

/** Somebody else's address, where the recovered coins go. */
export const REFUGE = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

/** A chain, and nothing else of the institution. */
export class RecoveryScene {
  readonly regtest: RegtestNode;
  readonly node: ChainNode;
  readonly options: CoreNodeOptions;
  readonly #remove: () => void;

  static async open(bitcoindBinary?: string): Promise<RecoveryScene> {
    const directory = temporaryDirectory();
    const regtest = await startRegtestNode({
      dataDirectory: directory.path,
      rpcPort: 0,
      ...(bitcoindBinary === undefined ? {} : { bitcoindBinary }),
    });
    return new RecoveryScene(regtest, () => directory.remove());
  }

  private constructor(regtest: RegtestNode, remove: () => void) {
    this.regtest = regtest;
    this.options = { url: regtest.url, credentials: regtest.credentials };
    this.node = connectNode(this.options);
    this.#remove = remove;
  }

  async close(): Promise<void> {
    this.node.close();
    await this.regtest.stop();
    this.#remove();
  }

  /** Pays a wallet at places on both branches. @returns what it received. */
  async pay(
    wallet: TestWallet,
    places: readonly (readonly ['receive' | 'change', number, bigint])[],
  ): Promise<bigint> {
    const payments = places.map(([branch, index, value]) => ({
      to: deriveAddress(wallet.descriptor, branch, index).scriptPubKey,
      amount: satoshis(value),
    }));
    await this.regtest.control.fundMany(payments);
    await this.regtest.control.mine(1);
    return places.reduce((sum, [, , value]) => sum + value, 0n);
  }

  find(kit: CheckedKit, gapLimit = 50, by: 'outputs' | 'blocks' = 'outputs'): Promise<FoundCoins> {
    return findCoins({
      descriptor: kit.descriptor,
      node: this.node,
      outputs: by === 'outputs' ? this.options : null,
      birthHeight: kit.kit.birth.height,
      gapLimit,
      clock: systemClock,
    });
  }

  /** Sweeps with the keys given, each signing a copy of its own, and mines. @returns what arrived. */
  async sweep(kit: CheckedKit, keys: readonly KeyMaterial[]): Promise<bigint> {
    const found = await this.find(kit);
    const psbts = planSweep(kit, found, {
      to: REFUGE,
      feeRate: feeRateFromSatsPerKvb(5_000n),
      nowMs: Date.now(),
      tipTimeMs: Date.now(),
    });
    const signed = keys.flatMap((material) => {
      const key = openRecoveryKey(kit, material);
      try {
        return psbts.map((psbt) => signSweep(kit, psbt, REFUGE, [key]));
      } finally {
        key.erase();
      }
    });
    let arrived = 0n;
    for (const { bytes, txid } of completeSweeps(kit, signed, REFUGE)) {
      await this.node.broadcast(bytes);
      await this.regtest.control.mine(1);
      arrived += (await this.node.unspentOutput({ txid, vout: 0 }))?.satoshis ?? 0n;
    }
    return arrived;
  }
}

/** Whose masters wrap the keys of a role. */
const MASTERS: Readonly<Record<Exclude<CosignerRole, 'customer'>, readonly [string, string]>> = {
  cold: ['key-1', 'key-2'],
  backup: ['key-3', 'key-4'],
  platform: ['key-5', 'key-6'],
  platform_b: ['key-6', 'key-1'],
};

/** A key of a wallet as its holder finds it: a wrapped copy with masters, or the customer's words. */
export function materialOf(wallet: TestWallet, position: number): KeyMaterial {
  const { entropy, attestation } = wallet.keys[position]!;
  const { role, xpub, origin, network } = attestation.statement;
  if (role === 'customer') return { kind: 'words', words: mnemonicOfEntropy(entropy) };
  const masters = fixtureMasters(...MASTERS[role]);
  const context = { keyId: keyIdOf(xpub), role, fingerprint: origin.slice(1, 9), network };
  const blob = sealEnvelope(Buffer.from(entropy), context, masters);
  // In whatever order, and with others among them.
  return {
    kind: 'envelope',
    blob,
    masters: [masters.inner, fixtureMasters('key-4', 'key-5').inner, masters.outer],
  };
}

/** Every pair of positions whose roles are these. */
export function positionsOf(wallet: TestWallet, roles: readonly CosignerRole[]): [number, number][] {
  const named = wallet.keys.map(({ attestation }) => attestation.statement.role);
  const pairs: [number, number][] = [
    [0, 1],
    [0, 2],
    [1, 2],
  ];
  return pairs.filter((pair) => {
    const found = pair.map((position) => named[position]!).sort();
    return found.join() === [...roles].sort().join();
  });
}

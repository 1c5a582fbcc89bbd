import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { BIP32Factory } from 'bip32';
import { networks } from 'bitcoinjs-lib';
import * as tiny from 'tiny-secp256k1';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addressOfScript,
  buildChildPaysForParent,
  buildConsolidations,
  buildSpends,
  bumpFee,
  combinePsbts,
  completeSpend,
  DEFAULT_SPEND_LIMITS,
  deriveAddress,
  parsePsbt,
  parsePsbtBase64,
  psbtToBase64,
  serializePsbt,
  signPsbt,
  systemRandom,
  verifySignatures,
  type BuiltSpend,
  type CompletedSpend,
  type Payment,
  type SpendContext,
  type WalletCoin,
} from '../../../src/bitcoin/index.ts';
import { parseFeeRate, satoshis } from '../../../src/shared/index.ts';
import { fixtureWallet } from '../wallet-fixtures.ts';
import { payment } from './spend-fixtures.ts';
import { startTestNode, type TestNode } from './regtest-node.ts';

const bitcoind = process.env['BITCOIND_BIN'];
const nodes: readonly (readonly [string, string | undefined])[] = [
  ['the embedded node', undefined],
  ...(bitcoind === undefined ? [] : [['Bitcoin Core', bitcoind] as const]),
];

describe.each(nodes)('a wallet on %s', (_, binary) => {
  const { descriptor, keys } = fixtureWallet('journey');
  const limits = DEFAULT_SPEND_LIMITS;
  let node: TestNode;
  let nextIndex = 0;
  let nextChange = 0;

  beforeAll(async () => {
    node = await startTestNode(binary);
  });
  afterAll(() => node.stop());

  async function context(satsPerVbyte: string): Promise<SpendContext> {
    const height = await node.control.height();
    return {
      wallet: descriptor,
      changeIndex: nextChange++,
      feeRate: parseFeeRate(satsPerVbyte),
      limits,
      tip: { height, timeMs: Date.now() },
      nowMs: Date.now(),
      random: systemRandom,
    };
  }

  async function rawTransaction(txid: string): Promise<Uint8Array> {
    return hexToBytes((await node.call('getrawtransaction', txid)) as string);
  }

  /** Confirmed coins of the given values on fresh addresses. */
  async function fund(...values: readonly bigint[]): Promise<WalletCoin[]> {
    const positions = values.map(() => ({ branch: 'receive' as const, index: nextIndex++ }));
    const funded = await node.control.fundMany(
      values.map((value, i) => ({
        to: deriveAddress(descriptor, 'receive', positions[i]!.index).address,
        amount: satoshis(value),
      })),
    );
    await node.control.mine(1);
    const previousTransaction = await rawTransaction(funded[0]!.txid);
    return funded.map(({ txid, vout, satoshis: value }, i) => ({
      outpoint: `${txid}:${vout}`,
      value,
      confirmations: 1,
      ownChange: false,
      unconfirmedAncestors: 0,
      position: positions[i]!,
      previousTransaction,
    }));
  }

  /** Two cosigners on their own, each from base 64; then what they made is merged and completed. */
  function sign(spend: BuiltSpend, first = 0, second = 1): CompletedSpend {
    const text = psbtToBase64(spend.psbt);
    const parts = [first, second].map((key) =>
      psbtToBase64(signPsbt(parsePsbtBase64(text), keys[key]!, descriptor)),
    );
    const merged = combinePsbts(parsePsbtBase64(text), ...parts.map(parsePsbtBase64));
    return completeSpend(merged, { wallet: descriptor, payments: spend.payments, limits });
  }

  async function broadcast({ bytes, txid }: CompletedSpend): Promise<void> {
    expect(await node.call('sendrawtransaction', bytesToHex(bytes))).toBe(txid);
    expect(await node.call('getrawmempool')).toContain(txid);
  }

  /** A block holds its transactions as they were sent, witnesses included. */
  async function expectMined(...completed: readonly CompletedSpend[]): Promise<void> {
    const [hash] = await node.control.mine(1);
    const block = (await node.call('getblock', hash, 0)) as string;
    for (const { bytes } of completed) expect(block).toContain(bytesToHex(bytes));
  }

  async function spend(
    coins: readonly WalletCoin[],
    rate: string,
    ...payments: Payment[]
  ): Promise<BuiltSpend> {
    const [built] = buildSpends({ ...(await context(rate)), coins, payments });
    return built!;
  }

  /** The change of a transaction in the mempool, as a coin. */
  async function changeOf({ txid, change }: BuiltSpend): Promise<WalletCoin> {
    return {
      outpoint: `${txid}:${change!.outputIndex}`,
      value: change!.value,
      confirmations: 0,
      ownChange: true,
      unconfirmedAncestors: 1,
      position: change!.position,
      previousTransaction: await rawTransaction(txid),
    };
  }

  it.each([
    [0, 1],
    [0, 2],
    [1, 2],
  ])('pays with the keys %i and %i', async (first, second) => {
    const coins = await fund(300_000n, 200_000n, 150_000n);
    const built = await spend(coins, '5', payment('alice', 220_000n), payment('bob', 180_000n));
    const completed = sign(built, first, second);
    await broadcast(completed);
    await expectMined(completed);
  });

  it('spends its own unconfirmed change', async () => {
    const parent = await spend(await fund(500_000n), '5', payment('alice', 100_000n));
    const signed = sign(parent);
    await broadcast(signed);
    const child = await spend([await changeOf(parent)], '5', payment('bob', 100_000n));
    const completed = sign(child, 1, 2);
    await broadcast(completed);
    await expectMined(signed, completed);
  });

  it('raises a fee by replacement, twice', async () => {
    const original = await spend(await fund(400_000n, 100_000n), '1', payment('alice', 250_000n));
    await broadcast(sign(original));
    const second = bumpFee({
      wallet: descriptor,
      original,
      feeRate: parseFeeRate('3'),
      limits,
      descendantFees: satoshis(0n),
    });
    const third = bumpFee({
      wallet: descriptor,
      original: second,
      feeRate: parseFeeRate('3.5'),
      limits,
      descendantFees: satoshis(0n),
    });
    await broadcast(sign(second, 0, 2));
    const last = sign(third, 1, 2);
    await broadcast(last);
    const mempool = await node.call('getrawmempool');
    expect(mempool).not.toContain(original.txid);
    expect(mempool).not.toContain(second.txid);
    await expectMined(last);
    expect(third.payments).toEqual(original.payments);
  });

  it('lets a child pay for its parent', async () => {
    const parent = await spend(await fund(300_000n), '1', payment('alice', 100_000n));
    const signed = sign(parent);
    await broadcast(signed);
    const child = buildChildPaysForParent({
      ...(await context('12')),
      coin: await changeOf(parent),
      ancestors: { count: 1, fees: signed.fee, weight: signed.weight },
    });
    const completed = sign(child, 0, 2);
    await broadcast(completed);
    const together =
      ((signed.fee + completed.fee) * 1000n) / BigInt(signed.virtualBytes + completed.virtualBytes);
    expect(together).toBeGreaterThanOrEqual(12_000n);
    expect(together).toBeLessThan(12_200n);
    await expectMined(signed, completed);
  });

  it('merges coins', async () => {
    const coins = await fund(...Array.from({ length: 40 }, (__, i) => 20_000n + BigInt(i)));
    const [built, ...others] = buildConsolidations({ ...(await context('2')), coins });
    expect(others).toEqual([]);
    const completed = sign(built!, 1, 2);
    await broadcast(completed);
    await expectMined(completed);
  });

  it.runIf(binary !== undefined)(
    'is understood by Bitcoin Core, which finalizes to the same bytes',
    async () => {
      const built = await spend(await fund(200_000n, 90_000n), '4', payment('alice', 230_000n));
      const decoded = (await node.call('decodepsbt', psbtToBase64(built.psbt))) as {
        fee: number;
        global_xpubs: unknown[];
        inputs: { bip32_derivs: unknown[] }[];
      };
      expect(BigInt(Math.round(decoded.fee * 1e8))).toBe(built.fee);
      expect(decoded.global_xpubs).toHaveLength(3);
      expect(decoded.inputs.every(({ bip32_derivs }) => bip32_derivs.length === 3)).toBe(true);
      const parts = [0, 2].map((key) => psbtToBase64(signPsbt(built.psbt, keys[key]!, descriptor)));
      const merged = (await node.call('combinepsbt', parts)) as string;
      const final = (await node.call('finalizepsbt', merged)) as { hex: string; complete: boolean };
      expect(final.complete).toBe(true);
      const ours = completeSpend(parsePsbt(serializePsbt(parsePsbtBase64(merged))), {
        wallet: descriptor,
        payments: built.payments,
        limits,
      });
      expect(bytesToHex(ours.bytes)).toBe(final.hex);
      const [accepted] = (await node.call('testmempoolaccept', [final.hex])) as [
        { allowed: boolean; vsize: number },
      ];
      expect(accepted).toMatchObject({ allowed: true, vsize: ours.virtualBytes });
      const address = addressOfScript(built.payments[0]!.scriptPubKey, 'regtest')!.text;
      expect(await node.call('validateaddress', address)).toMatchObject({ isvalid: true });
    },
  );

  it.runIf(binary !== undefined)('has Bitcoin Core as one of its two signers', async () => {
    const built = await spend(await fund(200_000n, 90_000n), '4', payment('alice', 230_000n));
    const seed = sha256(new TextEncoder().encode('fixture key journey 1'));
    const account = BIP32Factory(tiny).fromSeed(seed, networks.regtest).derivePath("m/48'/1'/0'/2'");
    const [body = ''] = descriptor.text.replace(keys[1]!.xpub.text, account.toBase58()).split('#');
    const { checksum } = (await node.call('getdescriptorinfo', body)) as { checksum: string };
    const signed = (await node.call(
      'descriptorprocesspsbt',
      psbtToBase64(built.psbt),
      [{ desc: `${body}#${checksum}`, range: [0, 1_000] }],
      'ALL',
      true,
      false,
    )) as { psbt: string };
    const theirs = parsePsbtBase64(signed.psbt);
    expect(verifySignatures(theirs, descriptor)).toEqual(built.coins.map(() => [1]));
    const merged = combinePsbts(built.psbt, theirs, signPsbt(built.psbt, keys[2]!, descriptor));
    const completed = completeSpend(merged, { wallet: descriptor, payments: built.payments, limits });
    await broadcast(completed);
    await expectMined(completed);
  });
});

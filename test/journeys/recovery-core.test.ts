import { readFile } from 'node:fs/promises';
import { BIP32Factory } from 'bip32';
import { networks } from 'bitcoinjs-lib';
import * as tinySecp256k1 from 'tiny-secp256k1';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedOfEntropy } from '../../src/keyring/index.ts';
import { kitOf, readBack } from '../recovery/kit-fixtures.ts';
import { RecoveryScene, REFUGE } from './recovery-scene.ts';

const BITCOIND = process.env['BITCOIND_BIN'];

/** With Bitcoin Core alone: no code of ours builds, signs or completes anything. */
describe.skipIf(BITCOIND === undefined)('a kit and two keys on Bitcoin Core alone', () => {
  let scene: RecoveryScene;

  beforeAll(async () => {
    scene = await RecoveryScene.open(BITCOIND);
  });

  afterAll(() => scene.close());

  async function core<T>(method: string, ...params: unknown[]): Promise<T> {
    const { url, credentials } = scene.options;
    if (!('cookieFile' in credentials)) throw new Error('the node has a cookie');
    const cookie = (await readFile(credentials.cookieFile, 'utf8')).trim();
    const authorization = `Basic ${Buffer.from(cookie).toString('base64')}`;
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const answer = await fetch(url, { method: 'POST', headers: { authorization }, body });
    const { result, error } = (await answer.json()) as { result: T; error?: unknown };
    if (error !== undefined && error !== null) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  it('find, pay, sign and send the coins', async () => {
    const kitScene = kitOf('custodial', 'core alone');
    const { kit } = await readBack(kitScene);
    await scene.pay(kitScene.wallet, [
      ['receive', 2, 10_000_000n],
      ['change', 1, 500_000n],
    ]);
    const file = kit.importFiles.find(({ name }) => name === 'bitcoin-core.json')!.content;
    const requests = JSON.parse(file) as { desc: string; range: [number, number]; internal: boolean }[];
    for (const { desc, internal } of requests) {
      const info = await core<{ isrange: boolean; issolvable: boolean }>('getdescriptorinfo', desc);
      expect(info).toMatchObject({ isrange: true, issolvable: true });
      const addresses = await core<string[]>('deriveaddresses', desc, [0, 4]);
      const printed = internal ? kit.firstAddresses.change : kit.firstAddresses.receive;
      expect(addresses).toEqual(printed.map(({ address }) => address));
    }
    // BIP389's spelling too.
    await core('getdescriptorinfo', kit.descriptor);
    const objects = requests.map(({ desc, range }) => ({ desc, range }));
    interface Scan {
      unspents: { txid: string; vout: number; amount: number }[];
      total_amount: number;
    }
    const scan = await core<Scan>('scantxoutset', 'start', objects);
    expect(scan.total_amount).toBe(0.105);
    const inputs = scan.unspents.map(({ txid, vout }) => ({ txid, vout }));
    const blank = await core<string>('createpsbt', inputs, [{ [REFUGE]: 0.1049 }]);
    const psbt = await core<string>('utxoupdatepsbt', blank, objects);
    const signed: string[] = [];
    for (const { entropy, accountKey } of kitScene.wallet.keys.slice(0, 2)) {
      const root = BIP32Factory(tinySecp256k1).fromSeed(seedOfEntropy(entropy), networks.regtest);
      const xprv = root.derivePath("m/48'/1'/0'/2'").toBase58();
      const own = [];
      for (const { desc, range } of objects) {
        const body = desc.replace(accountKey.xpub.text, xprv).replace(/#.*/, '');
        const { checksum } = await core<{ checksum: string }>('getdescriptorinfo', body);
        own.push({ desc: `${body}#${checksum}`, range });
      }
      signed.push((await core<{ psbt: string }>('descriptorprocesspsbt', psbt, own)).psbt);
    }
    const combined = await core<string>('combinepsbt', signed);
    const { hex, complete } = await core<{ hex: string; complete: boolean }>('finalizepsbt', combined);
    expect(complete).toBe(true);
    const txid = await core<string>('sendrawtransaction', hex);
    await scene.regtest.control.mine(1);
    expect(await core('gettxout', txid, 0)).toMatchObject({ value: 0.1049 });
  });
});

// 2-of-3 addresses of one wallet: derivation of three keys, BIP67 order, witness script, program, bech32 text.
// The baseline is the usual way with bitcoinjs-lib: bip32 over tiny-secp256k1 and two payments.
import { payments } from 'bitcoinjs-lib';
import { BIP32Factory } from 'bip32';
import * as tiny from 'tiny-secp256k1';
import {
  deriveAddresses,
  networkOf,
  secp256k1Status,
  selectSecp256k1,
  type WalletDescriptor,
} from '../../src/bitcoin/index.ts';
import { fixtureWallet } from '../bitcoin/wallet-fixtures.ts';
import type { Bench } from './run.ts';

const ADDRESSES_PER_RUN = 1000;

function bitcoinjsAddresses(descriptor: WalletDescriptor): (first: number, count: number) => string[] {
  const network = networkOf(descriptor.network).bitcoinjs;
  const bip32 = BIP32Factory(tiny);
  const branches = descriptor.keys.map(({ xpub }) => bip32.fromBase58(xpub.text, network).derive(0));
  return (first, count) =>
    Array.from({ length: count }, (_, i) => {
      const pubkeys = branches
        .map((branch) => branch.derive(first + i).publicKey)
        .sort((a, b) => Buffer.compare(a, b));
      const redeem = payments.p2ms({ m: descriptor.threshold, pubkeys, network });
      return payments.p2wsh({ redeem, network }).address ?? '';
    });
}

export default function addressesBench(): Bench {
  const { descriptor } = fixtureWallet('bench', 'mainnet');
  const reference = bitcoinjsAddresses(descriptor);
  for (const backend of ['wasm', 'auto'] as const) {
    selectSecp256k1(backend);
    const ours = deriveAddresses(descriptor, 'receive', 0, 50).join();
    if (ours !== reference(0, 50).join()) throw new Error(`addresses over ${backend} are not byte-equal`);
  }
  const counted = (derive: (first: number, count: number) => unknown) => {
    let next = 0;
    return () => {
      derive(next, ADDRESSES_PER_RUN);
      next += ADDRESSES_PER_RUN;
      return ADDRESSES_PER_RUN;
    };
  };
  const automatic = secp256k1Status().backend;
  return {
    comparisons: [
      {
        name: '2-of-3 addresses',
        unit: 'addresses',
        baseline: { name: 'bitcoinjs-lib payments, tiny-secp256k1', run: counted(reference) },
        ours: {
          name: `trilock (${automatic})`,
          run: counted((first, count) => deriveAddresses(descriptor, 'receive', first, count)),
        },
      },
    ],
  };
}

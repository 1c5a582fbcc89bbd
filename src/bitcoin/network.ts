import { networks as bitcoinjsNetworks, type Network as BitcoinjsNetwork } from 'bitcoinjs-lib';
import { BitcoinError } from './errors.ts';

/** `testnet` stands for testnet3 and testnet4: their keys and addresses are written alike. */
export type NetworkName = 'mainnet' | 'testnet' | 'signet' | 'regtest';

export interface Network {
  readonly name: NetworkName;
  /** Human-readable part of segwit addresses (BIP173). */
  readonly bech32Prefix: string;
  readonly p2pkhVersion: number;
  readonly p2shVersion: number;
  /** Version bytes of an extended public key (BIP32): `xpub` or `tpub`. */
  readonly xpubVersion: number;
  readonly xprvVersion: number;
  /** Second step of BIP44-like paths: 0 for bitcoin, 1 for everything without value. */
  readonly coinType: 0 | 1;
  /** The same parameters as bitcoinjs-lib, bip32 and ecpair take them. */
  readonly bitcoinjs: BitcoinjsNetwork;
}

function fromBitcoinjs(name: NetworkName, bitcoinjs: BitcoinjsNetwork): Network {
  return {
    name,
    bech32Prefix: bitcoinjs.bech32,
    p2pkhVersion: bitcoinjs.pubKeyHash,
    p2shVersion: bitcoinjs.scriptHash,
    xpubVersion: bitcoinjs.bip32.public,
    xprvVersion: bitcoinjs.bip32.private,
    coinType: name === 'mainnet' ? 0 : 1,
    bitcoinjs,
  };
}

const NETWORKS: Readonly<Record<NetworkName, Network>> = {
  mainnet: fromBitcoinjs('mainnet', bitcoinjsNetworks.bitcoin),
  testnet: fromBitcoinjs('testnet', bitcoinjsNetworks.testnet),
  signet: fromBitcoinjs('signet', bitcoinjsNetworks.testnet),
  regtest: fromBitcoinjs('regtest', bitcoinjsNetworks.regtest),
};

export const NETWORK_NAMES: readonly NetworkName[] = ['mainnet', 'testnet', 'signet', 'regtest'];

export function networkOf(name: NetworkName): Network {
  return NETWORKS[name];
}

/** @throws BitcoinError `network_unknown`. */
export function parseNetworkName(text: string): NetworkName {
  const name = NETWORK_NAMES.find((candidate) => candidate === text);
  if (name === undefined) {
    throw new BitcoinError('network_unknown', `The network must be one of ${NETWORK_NAMES.join(', ')}.`, {
      details: { network: text.slice(0, 40) },
    });
  }
  return name;
}

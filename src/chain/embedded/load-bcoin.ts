import { createRequire } from 'node:module';
import { ChainError } from '../errors.ts';
import type { BcoinDatabase, BcoinModules, BcoinNetwork } from './bcoin-types.ts';

/** Bitcoin Core's default since version 30: 0.1 sat/vB. */
export const MIN_RELAY_SATS_PER_KVB = 100;

interface LibModule {
  readonly [name: string]: unknown;
}

/**
 * bcoin is an optional dependency for regtest, so it is required when an embedded node starts and by nothing else.
 * Its JavaScript backend is chosen because no install script may compile the native one.
 * @throws ChainError `node_missing`.
 */
export function loadBcoin(): BcoinModules {
  // eslint-disable-next-line no-restricted-properties -- bcoin's only switch for its backend is this variable; nothing is read
  process.env['NODE_BACKEND'] = 'js';
  const require = createRequire(import.meta.url);
  const load = (path: string): LibModule => require(`bcoin/lib/${path}`) as LibModule;
  try {
    const networkModule = load('protocol/network') as unknown as { get(name: string): BcoinNetwork };
    const network = networkModule.get('regtest');
    // bcoin has address prefixes of its own for regtest; everybody else uses these (Bitcoin Core, kernel/chainparams.cpp).
    network.addressPrefix.bech32 = 'bcrt';
    network.addressPrefix.pubkeyhash = 0x6f;
    network.addressPrefix.scripthash = 0xc4;
    network.minRelay = MIN_RELAY_SATS_PER_KVB;
    const chainCommon = load('blockchain/common') as unknown as {
      lockFlags: { STANDARD_LOCKTIME_FLAGS: number };
    };
    return {
      network,
      Chain: load('blockchain/chain'),
      Mempool: load('mempool/mempool'),
      MempoolEntry: load('mempool/mempoolentry'),
      Miner: load('mining/miner'),
      TX: load('primitives/tx'),
      Block: load('primitives/block'),
      Script: load('script/script'),
      Address: load('primitives/address'),
      standardLockTimeFlags: chainCommon.lockFlags.STANDARD_LOCKTIME_FLAGS,
    } as unknown as BcoinModules;
  } catch (cause) {
    throw new ChainError(
      'node_missing',
      'The embedded node is not installed: the optional package bcoin is missing.',
      {
        cause,
      },
    );
  }
}

/**
 * bcoin names unused bounds of a range `null`, which the leveldown that carries prebuilt binaries reads as the
 * four letters "null": every iteration came back empty, and with it the list of chain tips and of coins by
 * address. Unused bounds are left out here.
 */
export function repairIterators(database: BcoinDatabase): void {
  const { binding } = database;
  const iterator = binding.iterator.bind(binding);
  binding.iterator = (options) =>
    iterator(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)));
}

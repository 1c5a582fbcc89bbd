import type { NetworkName } from '../network.ts';

/** What a chain is recognised by, and how much work its blocks must show (Bitcoin Core, kernel/chainparams.cpp). */
export interface ChainRules {
  /** As Bitcoin Core calls the chain (`getblockchaininfo.chain`). */
  readonly coreName: string;
  readonly network: NetworkName;
  readonly genesisHash: string;
  /** The easiest target. */
  readonly workLimit: bigint;
  /**
   * How targets follow from earlier blocks: `every_2016` on mainnet and signet; `never` on regtest; the test
   * networks let any block be easy after twenty minutes of silence, so only the limit is checked there.
   */
  readonly retarget: 'every_2016' | 'never' | 'limit_only';
}

const MAINNET_LIMIT = 0x0000_0000_ffffn << 208n;

const MAINNET: ChainRules = {
  coreName: 'main',
  network: 'mainnet',
  genesisHash: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  workLimit: MAINNET_LIMIT,
  retarget: 'every_2016',
};

const TESTNET3: ChainRules = {
  coreName: 'test',
  network: 'testnet',
  genesisHash: '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
  workLimit: MAINNET_LIMIT,
  retarget: 'limit_only',
};

const TESTNET4: ChainRules = {
  coreName: 'testnet4',
  network: 'testnet',
  genesisHash: '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043',
  workLimit: MAINNET_LIMIT,
  retarget: 'limit_only',
};

const SIGNET: ChainRules = {
  coreName: 'signet',
  network: 'signet',
  genesisHash: '00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6',
  workLimit: 0x0000_0377_ae00n << 208n,
  retarget: 'every_2016',
};

const REGTEST: ChainRules = {
  coreName: 'regtest',
  network: 'regtest',
  genesisHash: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
  workLimit: 0x7fff_ffffn << 224n,
  retarget: 'never',
};

const ALL: readonly ChainRules[] = [MAINNET, TESTNET3, TESTNET4, SIGNET, REGTEST];

/** The chains of a network: two for `testnet`, one for each other. */
export function chainsOfNetwork(network: NetworkName): readonly ChainRules[] {
  return ALL.filter((rules) => rules.network === network);
}

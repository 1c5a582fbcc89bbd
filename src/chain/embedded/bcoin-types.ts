// The part of bcoin 1.0.2 that is used here; the package brings no types. Hashes are hexadecimal in the order of
// the bytes ("internal"), amounts are satoshis in a double.

export interface BcoinScript {
  toRaw(): Buffer;
  isUnspendable(): boolean;
}

export interface BcoinOutput {
  readonly value: number;
  readonly script: BcoinScript;
}

export interface BcoinInput {
  readonly prevout: { readonly hash: string; readonly index: number };
}

export interface BcoinTx {
  readonly inputs: readonly BcoinInput[];
  readonly outputs: readonly BcoinOutput[];
  hash(encoding: 'hex'): string;
  witnessHash(encoding: 'hex'): string;
  toRaw(): Buffer;
  toNormal(): Buffer;
  isCoinbase(): boolean;
  checkSanity(): [valid: boolean, reason: string, score: number];
}

export interface BcoinBlock {
  readonly txs: readonly BcoinTx[];
  hash(encoding: 'hex'): string;
  toRaw(): Buffer;
}

export interface BcoinEntry {
  readonly hash: string;
  readonly prevBlock: string;
  readonly height: number;
  readonly time: number;
  readonly bits: number;
  readonly chainwork: { toString(base: 16, padding: number): string };
  /** 80 bytes of header and a transaction count of zero. */
  toHeaders(): { toRaw(): Buffer };
}

export interface BcoinCoin {
  readonly value: number;
  readonly script: BcoinScript;
  readonly height: number;
  readonly coinbase: boolean;
  readonly hash: string;
  readonly index: number;
}

export interface BcoinView {
  hasEntry(prevout: { hash: string; index: number }): boolean;
}

export interface BcoinMempoolEntry {
  readonly tx: BcoinTx;
  /** Virtual bytes, adjusted for signature operations. */
  readonly size: number;
  readonly fee: number;
  readonly time: number;
  readonly height: number;
  hash(encoding: 'hex'): string;
}

export interface BcoinChain {
  readonly height: number;
  readonly tip: BcoinEntry;
  readonly db: { readonly db: BcoinDatabase };
  open(): Promise<void>;
  close(): Promise<void>;
  on(event: string, listener: (...values: never[]) => unknown): void;
  add(block: BcoinBlock): Promise<BcoinEntry | null>;
  invalidate(hash: string): Promise<void>;
  removeInvalid(hash: string): void;
  getEntry(hashOrHeight: string | number): Promise<BcoinEntry | null>;
  getBlock(hash: string): Promise<BcoinBlock | null>;
  isMainChain(entry: BcoinEntry): Promise<boolean>;
  getMedianTime(entry: BcoinEntry): Promise<number>;
  getCoin(hash: string, index: number): Promise<BcoinCoin | null>;
  getCoinsByAddress(addresses: readonly BcoinAddress[]): Promise<BcoinCoin[]>;
  getMeta(
    hash: string,
  ): Promise<{ readonly tx: BcoinTx; readonly block: string; readonly height: number } | null>;
  hasCoins(tx: BcoinTx): Promise<boolean>;
}

export interface BcoinDatabase {
  readonly binding: { iterator(options: Record<string, unknown>): unknown };
}

export interface BcoinMempool {
  readonly map: ReadonlyMap<string, BcoinMempoolEntry>;
  open(): Promise<void>;
  close(): Promise<void>;
  reset(): Promise<void>;
  verify(entry: BcoinMempoolEntry, view: BcoinView): Promise<void>;
  verifyFinal(tx: BcoinTx, flags: number): Promise<boolean>;
  addTX(tx: BcoinTx): Promise<readonly string[] | null>;
  addEntry(entry: BcoinMempoolEntry, view: BcoinView): Promise<void>;
  evictEntry(entry: BcoinMempoolEntry): void;
  getEntry(hash: string): BcoinMempoolEntry | undefined;
  getSpent(hash: string, index: number): BcoinMempoolEntry | undefined;
  getDescendants(entry: BcoinMempoolEntry): BcoinMempoolEntry[];
  getAncestors(entry: BcoinMempoolEntry): BcoinMempoolEntry[];
  getCoinView(tx: BcoinTx): Promise<BcoinView>;
  _addBlock(entry: BcoinEntry, txs: readonly BcoinTx[]): Promise<void>;
  _removeBlock(entry: BcoinEntry, txs: readonly BcoinTx[]): Promise<void>;
  _reset(): Promise<void>;
  _handleReorg(): Promise<void>;
}

export interface BcoinAddress {
  readonly hash: Buffer;
}

export interface BcoinMiner {
  open(): Promise<void>;
  close(): Promise<void>;
  mineBlock(tip: BcoinEntry | null, address: BcoinAddress): Promise<BcoinBlock>;
}

export interface BcoinNetwork {
  minRelay: number;
  readonly addressPrefix: { bech32: string; pubkeyhash: number; scripthash: number };
}

export interface BcoinModules {
  readonly network: BcoinNetwork;
  readonly Chain: new (options: object) => BcoinChain;
  readonly Mempool: new (options: object) => BcoinMempool;
  readonly MempoolEntry: { fromTX(tx: BcoinTx, view: BcoinView, height: number): BcoinMempoolEntry };
  readonly Miner: new (options: object) => BcoinMiner;
  readonly TX: { fromRaw(raw: Buffer): BcoinTx };
  readonly Block: { fromRaw(raw: Buffer): BcoinBlock };
  readonly Script: { fromRaw(raw: Buffer): BcoinScript; fromAddress(address: BcoinAddress): BcoinScript };
  readonly Address: {
    fromScript(script: BcoinScript): BcoinAddress | null;
    fromString(text: string, network: BcoinNetwork): BcoinAddress;
  };
  /** Median time past and relative lock times, as every node requires of its memory pool (BIP113, BIP68). */
  readonly standardLockTimeFlags: number;
}

/** What bcoin throws for a transaction or block that breaks a rule. */
export interface BcoinVerifyError {
  readonly type: 'VerifyError';
  readonly reason: string;
}

export function isVerifyError(thrown: unknown): thrown is BcoinVerifyError {
  return typeof thrown === 'object' && thrown !== null && 'type' in thrown && thrown.type === 'VerifyError';
}

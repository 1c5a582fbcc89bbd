// Reads the chain from a node's raw blocks. Nothing is imported from the product, so that a mistake there cannot
// hide here. Serialisation: https://developer.bitcoin.org/reference/block_chain.html and BIP144.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { bech32 } from '@scure/base';

export interface RawOutput {
  readonly outpoint: string;
  readonly satoshis: bigint;
  /** Locking script, hex. */
  readonly script: string;
}

export interface RawTransaction {
  readonly txid: string;
  readonly height: number;
  /** Outpoints that it spends; none for a coinbase. */
  readonly spends: readonly string[];
  readonly outputs: readonly RawOutput[];
}

class Reader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    if (this.at + length > this.#bytes.length) throw new RangeError('the block ends too early');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  compact(): number {
    const first = this.take(1)[0] ?? 0;
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.take(2).readUInt16LE();
    if (first === 0xfe) return this.take(4).readUInt32LE();
    return Number(this.take(8).readBigUInt64LE());
  }

  from(start: number): Buffer {
    return this.#bytes.subarray(start, this.at);
  }

  peek(): number {
    return this.#bytes[this.at] ?? -1;
  }
}

function doubleSha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
}

function shown(hash: Buffer): string {
  return Buffer.from(hash).reverse().toString('hex');
}

function readTransaction(reader: Reader, height: number): RawTransaction {
  const version = Buffer.from(reader.take(4));
  const hasWitness = reader.peek() === 0;
  if (hasWitness) reader.take(2);
  const start = reader.at;
  const spends: string[] = [];
  const inputs = reader.compact();
  for (let input = 0; input < inputs; input++) {
    const txid = shown(reader.take(32));
    const vout = reader.take(4).readUInt32LE();
    reader.take(reader.compact());
    reader.take(4);
    if (vout !== 0xffffffff) spends.push(`${txid}:${vout}`);
  }
  const raw: { satoshis: bigint; script: string }[] = [];
  const count = reader.compact();
  for (let output = 0; output < count; output++) {
    const satoshis = reader.take(8).readBigUInt64LE();
    raw.push({ satoshis, script: reader.take(reader.compact()).toString('hex') });
  }
  const body = Buffer.from(reader.from(start));
  if (hasWitness) {
    for (let input = 0; input < inputs; input++) {
      for (let items = reader.compact(); items > 0; items--) reader.take(reader.compact());
    }
  }
  const txid = shown(doubleSha256(Buffer.concat([version, body, reader.take(4)])));
  return { txid, height, spends, outputs: raw.map((output, n) => ({ ...output, outpoint: `${txid}:${n}` })) };
}

export function readBlock(bytes: Buffer, height: number): RawTransaction[] {
  const reader = new Reader(bytes);
  reader.take(80);
  return Array.from({ length: reader.compact() }, () => readTransaction(reader, height));
}

/** The locking script of a native witness address, hex. */
export function scriptOfAddress(address: string): string {
  const { words } = bech32.decode(address as `${string}1${string}`);
  const program = bech32.fromWords(words.slice(1));
  return Buffer.from([words[0] ?? 0, program.length, ...program]).toString('hex');
}

/** The whole best chain of a node, read once. */
export class RawChain {
  readonly transactions: readonly RawTransaction[];
  readonly #outputs = new Map<string, RawOutput>();
  readonly #spentBy = new Map<string, string>();

  constructor(transactions: readonly RawTransaction[]) {
    this.transactions = transactions;
    for (const { txid, outputs, spends } of transactions) {
      for (const output of outputs) this.#outputs.set(output.outpoint, output);
      for (const outpoint of spends) this.#spentBy.set(outpoint, txid);
    }
  }

  static async read(url: string, cookieFile: string, fromHeight = 0): Promise<RawChain> {
    const cookie = (await readFile(cookieFile, 'utf8')).trim();
    const call = async (method: string, ...params: unknown[]): Promise<unknown> => {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(cookie).toString('base64')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }),
      });
      return ((await response.json()) as { result: unknown }).result;
    };
    const tip = (await call('getblockcount')) as number;
    const transactions: RawTransaction[] = [];
    for (let height = fromHeight; height <= tip; height++) {
      const hash = await call('getblockhash', height);
      transactions.push(
        ...readBlock(Buffer.from((await call('getblock', hash, 0)) as string, 'hex'), height),
      );
    }
    return new RawChain(transactions);
  }

  output(outpoint: string): RawOutput | undefined {
    return this.#outputs.get(outpoint);
  }

  spenderOf(outpoint: string): string | undefined {
    return this.#spentBy.get(outpoint);
  }

  /** Outputs that pay a script, spent or not. */
  paying(script: string): RawOutput[] {
    return [...this.#outputs.values()].filter((output) => output.script === script);
  }

  unspent(): RawOutput[] {
    return [...this.#outputs.values()].filter(({ outpoint }) => !this.#spentBy.has(outpoint));
  }

  fee({ spends, outputs }: RawTransaction): bigint {
    const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
    const given = sum(spends.map((outpoint) => this.#outputs.get(outpoint)?.satoshis ?? 0n));
    return given - sum(outputs.map(({ satoshis }) => satoshis));
  }
}

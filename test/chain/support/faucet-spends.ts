import { createHash } from 'node:crypto';

// Raw transactions for tests, spending P2WSH outputs of the script OP_TRUE, which need no signature.

export const OP_TRUE_SCRIPT = Buffer.concat([
  Buffer.of(0x00, 0x20),
  createHash('sha256').update(Buffer.of(0x51)).digest(),
]);

export interface Spend {
  readonly coins: readonly { readonly txid: string; readonly vout: number }[];
  readonly outputs: readonly { readonly script: Uint8Array; readonly satoshis: bigint }[];
  /** Default OP_TRUE, which the coins ask for. */
  readonly witnessScript?: Uint8Array;
  readonly sequence?: number;
  readonly lockTime?: number;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** Length before a script; none of ours is longer than 65,535 bytes. */
function compactSize(length: number): Buffer {
  if (length < 0xfd) return Buffer.of(length);
  const bytes = Buffer.of(0xfd, 0, 0);
  bytes.writeUInt16LE(length, 1);
  return bytes;
}

export function buildSpend(spend: Spend): Uint8Array {
  const script = spend.witnessScript ?? Uint8Array.of(0x51);
  return Buffer.concat([
    uint32(2),
    Buffer.of(0x00, 0x01, spend.coins.length),
    ...spend.coins.flatMap((coin) => [
      Buffer.from(coin.txid, 'hex').reverse(),
      uint32(coin.vout),
      Buffer.of(0),
      uint32(spend.sequence ?? 0xffff_fffd),
    ]),
    Buffer.of(spend.outputs.length),
    ...spend.outputs.flatMap((output) => [
      uint64(output.satoshis),
      compactSize(output.script.length),
      output.script,
    ]),
    ...spend.coins.map(() => Buffer.of(1, script.length, ...script)),
    uint32(spend.lockTime ?? 0),
  ]);
}

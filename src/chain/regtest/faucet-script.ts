import { createHash } from 'node:crypto';

/**
 * The script that regtest coins are mined to: P2WSH of the one-byte script `OP_TRUE`, which whoever shows that
 * byte may spend. On regtest money has no worth, and so the faucet needs no key, no signature, and no memory:
 * every process that can reach the node can use it, before and after any restart.
 */
const WITNESS_SCRIPT = Uint8Array.of(0x51);

export const FAUCET_SCRIPT: Uint8Array = Uint8Array.of(
  0x00,
  0x20,
  ...createHash('sha256').update(WITNESS_SCRIPT).digest(),
);

export interface FaucetCoin {
  /** In the order people read it. */
  readonly txid: string;
  readonly vout: number;
  readonly satoshis: bigint;
}

export interface FaucetOutput {
  readonly script: Uint8Array;
  readonly satoshis: bigint;
}

function compactSize(value: number): Buffer {
  if (value < 0xfd) return Buffer.of(value);
  const bytes = Buffer.alloc(3);
  bytes.writeUInt8(0xfd);
  bytes.writeUInt16LE(value, 1);
  return bytes;
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

/** A finished transaction that spends faucet coins (BIP144), replaceable (BIP125). */
export function faucetTransaction(
  coins: readonly FaucetCoin[],
  outputs: readonly FaucetOutput[],
): Uint8Array {
  const inputs = coins.map((coin) =>
    Buffer.concat([
      Buffer.from(coin.txid, 'hex').reverse(),
      uint32(coin.vout),
      Buffer.of(0),
      uint32(0xffff_fffd),
    ]),
  );
  const paid = outputs.map((output) =>
    Buffer.concat([uint64(output.satoshis), compactSize(output.script.length), output.script]),
  );
  return Buffer.concat([
    uint32(2),
    Buffer.of(0x00, 0x01),
    compactSize(inputs.length),
    ...inputs,
    compactSize(paid.length),
    ...paid,
    ...coins.map(() => Buffer.of(1, WITNESS_SCRIPT.length, ...WITNESS_SCRIPT)),
    uint32(0),
  ]);
}

import { satoshis, type Satoshis } from '../../shared/index.ts';
import { ChainError } from '../errors.ts';
import { isRpcNumber, textOfNumber, type RpcNumber, type RpcObject, type RpcValue } from './rpc-json.ts';

// Readers of answers: each says what it expected, so that a lying or newer node is a named refusal and never an
// `undefined` that travels on.

function unexpected(field: string, expected: string): never {
  throw new ChainError('node_answer_malformed', 'The node sent an answer of an unexpected shape.', {
    internal: `${field}: expected ${expected}`,
  });
}

export function readObject(value: RpcValue | undefined, field: string): RpcObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || isRpcNumber(value)) {
    return unexpected(field, 'an object');
  }
  return value as RpcObject;
}

export function readArray(value: RpcValue | undefined, field: string): readonly RpcValue[] {
  return Array.isArray(value) ? (value as readonly RpcValue[]) : unexpected(field, 'an array');
}

export function readString(value: RpcValue | undefined, field: string): string {
  return typeof value === 'string' ? value : unexpected(field, 'a string');
}

export function readBoolean(value: RpcValue | undefined, field: string): boolean {
  return typeof value === 'boolean' ? value : unexpected(field, 'true or false');
}

/** A whole number that a double holds exactly: heights, counts, times. */
export function readInteger(value: RpcValue | undefined, field: string): number {
  if (!isRpcNumber(value) || !/^-?[0-9]{1,15}$/.test(textOfNumber(value)))
    return unexpected(field, 'a whole number');
  return Number(textOfNumber(value));
}

/** A block hash or txid: 32 bytes in the order in which people read them. */
export function readHash(value: RpcValue | undefined, field: string): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value))
    return unexpected(field, '64 hexadecimal digits');
  return value;
}

/** Bytes written as hexadecimal digits. `Buffer.from` stops silently at the first wrong digit, hence the count. */
export function readBytes(value: RpcValue | undefined, field: string): Uint8Array {
  if (typeof value !== 'string' || value.length % 2 !== 0) return unexpected(field, 'hexadecimal digits');
  const bytes = Buffer.from(value, 'hex');
  if (bytes.length * 2 !== value.length) return unexpected(field, 'hexadecimal digits');
  return bytes;
}

/**
 * A decimal of bitcoin, shifted by eight places: `1e-06` is 100n, `0.1` is 10000000n. `undefined` when it is
 * negative or finer than a satoshi.
 */
export function scaledByHundredMillion(number: RpcNumber): bigint | undefined {
  const match = /^([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,2}))?$/.exec(textOfNumber(number));
  if (match?.[1] === undefined) return undefined;
  const fraction = match[2] ?? '';
  const shift = 8 + Number(match[3] ?? '0') - fraction.length;
  const digits = BigInt(match[1] + fraction);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return digits % divisor === 0n ? digits / divisor : undefined;
}

/** An amount that the node wrote in bitcoin, exactly, without passing through a binary fraction. */
export function readAmount(value: RpcValue | undefined, field: string): Satoshis {
  const scaled = isRpcNumber(value) ? scaledByHundredMillion(value) : undefined;
  if (scaled === undefined || scaled > 2_100_000_000_000_000n)
    return unexpected(field, 'an amount of bitcoin');
  return satoshis(scaled);
}

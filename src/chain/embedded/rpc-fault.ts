import {
  isRpcNumber,
  rpcNumber,
  textOfNumber,
  type RpcNumber,
  type RpcParameter,
  type RpcValue,
} from '../rpc/rpc-json.ts';

/** Bitcoin Core's error codes (rpc/protocol.h) that the embedded node answers with. */
export const RPC_CODES = {
  misc: -1,
  type: -3,
  notFound: -5,
  invalidParameter: -8,
  deserialization: -22,
  verifyError: -25,
  verifyRejected: -26,
  alreadyInUtxoSet: -27,
  methodNotFound: -32601,
  parse: -32700,
  invalidRequest: -32600,
  internal: -32603,
} as const;

/** A refusal as Bitcoin Core would word it. */
export class RpcFault extends Error {
  readonly code: number;

  constructor(code: keyof typeof RPC_CODES, message: string) {
    super(message);
    this.code = RPC_CODES[code];
  }
}

export type RpcMethod = (params: readonly RpcValue[]) => RpcParameter | Promise<RpcParameter>;

export function parameterString(params: readonly RpcValue[], at: number): string {
  const value = params[at];
  if (typeof value !== 'string')
    throw new RpcFault('type', `Wrong type passed: position ${at + 1} is not a string`);
  return value;
}

export function parameterInteger(params: readonly RpcValue[], at: number, otherwise?: number): number {
  const value = params[at];
  if ((value === undefined || value === null) && otherwise !== undefined) return otherwise;
  if (!isRpcNumber(value) || !/^-?[0-9]{1,15}$/.test(textOfNumber(value))) {
    throw new RpcFault('type', `Wrong type passed: position ${at + 1} is not a number`);
  }
  return Number(textOfNumber(value));
}

export function parameterBoolean(params: readonly RpcValue[], at: number, otherwise: boolean): boolean {
  const value = params[at];
  if (value === undefined || value === null) return otherwise;
  if (typeof value !== 'boolean')
    throw new RpcFault('type', `Wrong type passed: position ${at + 1} is not a bool`);
  return value;
}

/** A hash in the order people read it, turned into the order of its bytes. */
export function parameterHash(params: readonly RpcValue[], at: number): string {
  const text = parameterString(params, at);
  if (!/^[0-9a-fA-F]{64}$/.test(text))
    throw new RpcFault('invalidParameter', 'hash must be 64 hexadecimal digits');
  return reversedHex(text.toLowerCase());
}

export function reversedHex(hex: string): string {
  return Buffer.from(hex, 'hex').reverse().toString('hex');
}

/** Satoshis as a JSON number of bitcoin. */
export function bitcoinAmount(satoshis: number): RpcNumber {
  const digits = Math.abs(satoshis).toString().padStart(9, '0');
  return rpcNumber(`${satoshis < 0 ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`);
}

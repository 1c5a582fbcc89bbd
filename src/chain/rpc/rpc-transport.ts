import { ChainError } from '../errors.ts';
import type { RpcParameter, RpcValue } from './rpc-json.ts';
import { readInteger, readObject, readString } from './rpc-values.ts';

export interface RpcCall {
  readonly method: string;
  readonly params: readonly RpcParameter[];
}

/** What a node says when it refuses a call: Bitcoin Core's code (`rpc/protocol.h`) and its message. */
export interface RpcRefusal {
  readonly code: number;
  readonly message: string;
}

export type RpcOutcome = { readonly result: RpcValue } | { readonly refusal: RpcRefusal };

/** Carries calls to a node and its outcomes back, in the order of the calls. */
export interface RpcTransport {
  /**
   * @throws ChainError `node_unreachable`, `node_timeout`, `node_busy`, `node_starting`, `node_unauthorized`,
   * `node_answer_malformed`, `node_answer_too_large`.
   */
  send(calls: readonly RpcCall[]): Promise<readonly RpcOutcome[]>;
  close(): void;
}

/** Reads one reply of JSON-RPC 1.1 (`"error": null`) or 2.0 (no `error`). */
export function readReply(reply: RpcValue): { readonly id: number; readonly outcome: RpcOutcome } {
  const members = readObject(reply, 'reply');
  const id = readInteger(members['id'], 'reply.id');
  const error = members['error'];
  if (error !== undefined && error !== null) {
    const refusal = readObject(error, 'reply.error');
    return {
      id,
      outcome: {
        refusal: {
          code: readInteger(refusal['code'], 'reply.error.code'),
          message: readString(refusal['message'], 'reply.error.message'),
        },
      },
    };
  }
  const result = members['result'];
  if (result === undefined) {
    throw new ChainError('node_answer_malformed', 'The node sent neither a result nor an error.');
  }
  return { id, outcome: { result } };
}

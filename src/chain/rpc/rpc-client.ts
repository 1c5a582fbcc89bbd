import { ChainError } from '../errors.ts';
import type { RpcParameter, RpcValue } from './rpc-json.ts';
import type { RpcCall, RpcOutcome, RpcRefusal, RpcTransport } from './rpc-transport.ts';

/** Bitcoin Core's codes (rpc/protocol.h), as a recording of a real node shows them. */
export const CORE_CODES = {
  misc: -1,
  invalidAddressOrKey: -5,
  invalidParameter: -8,
  deserialization: -22,
  verifyError: -25,
  verifyRejected: -26,
  alreadyInUtxoSet: -27,
  methodNotFound: -32601,
} as const;

/** The refusal as an error of ours, for calls whose caller knows no meaning of its own for it. */
export function refusalError(method: string, refusal: RpcRefusal): ChainError {
  const internal = `${method}: ${refusal.code} ${refusal.message}`;
  if (refusal.code === CORE_CODES.methodNotFound) {
    return new ChainError('node_method_missing', 'The node does not know a call that is needed.', {
      details: { method },
      internal,
    });
  }
  if (/pruned data|not available \(pruned|previously been pruned/i.test(refusal.message)) {
    return new ChainError('block_pruned', 'The node has thrown this block away (it is pruned).', {
      internal,
    });
  }
  return new ChainError('node_call_refused', 'The node refused a call.', {
    details: { method, code: refusal.code },
    internal,
  });
}

/** Calls by name over any transport. */
export class RpcClient {
  readonly #transport: RpcTransport;

  constructor(transport: RpcTransport) {
    this.#transport = transport;
  }

  /** The result, or what the node refused with. */
  async attempt(method: string, params: readonly RpcParameter[]): Promise<RpcOutcome> {
    const [outcome] = await this.#transport.send([{ method, params }]);
    if (outcome === undefined) throw new ChainError('node_answer_malformed', 'The node did not answer.');
    return outcome;
  }

  /** @throws ChainError `node_call_refused`, `node_method_missing`, `block_pruned`. */
  async call(method: string, ...params: readonly RpcParameter[]): Promise<RpcValue> {
    const outcome = await this.attempt(method, params);
    if ('refusal' in outcome) throw refusalError(method, outcome.refusal);
    return outcome.result;
  }

  /** One method with many sets of parameters, in one exchange. */
  async batch(
    method: string,
    paramSets: readonly (readonly RpcParameter[])[],
  ): Promise<readonly RpcOutcome[]> {
    return this.many(paramSets.map((params) => ({ method, params })));
  }

  /** Several calls in one exchange, answered in their order. */
  async many(calls: readonly RpcCall[]): Promise<readonly RpcOutcome[]> {
    return calls.length === 0 ? [] : this.#transport.send(calls);
  }

  close(): void {
    this.#transport.close();
  }
}

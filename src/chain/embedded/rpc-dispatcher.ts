import { describeError } from '../../shared/index.ts';
import {
  isRpcNumber,
  parseRpcJson,
  writeRpcJson,
  type RpcParameter,
  type RpcValue,
} from '../rpc/rpc-json.ts';
import { CHANGING_METHODS, chainMethods } from './chain-methods.ts';
import type { EmbeddedChain } from './embedded-chain.ts';
import { miningMethods } from './mining-methods.ts';
import { RPC_CODES, RpcFault, type RpcMethod } from './rpc-fault.ts';
import { transactionMethods } from './transaction-methods.ts';

type Reply = { readonly [key: string]: RpcParameter };

/** Answers JSON-RPC 2.0 texts as Bitcoin Core does, calls that change something one after the other. */
export class RpcDispatcher {
  readonly #methods: ReadonlyMap<string, RpcMethod>;
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(node: EmbeddedChain) {
    this.#methods = new Map(
      Object.entries({ ...chainMethods(node), ...transactionMethods(node), ...miningMethods(node) }),
    );
  }

  /** Never throws: what goes wrong is in the answer. */
  async answer(requestText: string): Promise<string> {
    let request: RpcValue;
    try {
      request = parseRpcJson(requestText);
    } catch {
      return writeRpcJson({
        result: null,
        error: { code: RPC_CODES.parse, message: 'Parse error' },
        id: null,
      });
    }
    if (!Array.isArray(request)) return writeRpcJson(await this.#reply(request));
    const replies: Reply[] = [];
    for (const item of request as readonly RpcValue[]) replies.push(await this.#reply(item));
    return writeRpcJson(replies);
  }

  async #reply(request: RpcValue): Promise<Reply> {
    const members =
      request !== null && typeof request === 'object' && !isRpcNumber(request) && !Array.isArray(request)
        ? (request as Record<string, RpcValue>)
        : {};
    const id: RpcParameter = members['id'] ?? null;
    try {
      return { jsonrpc: '2.0', result: await this.#call(members['method'], members['params'] ?? []), id };
    } catch (thrown) {
      const code = thrown instanceof RpcFault ? thrown.code : RPC_CODES.internal;
      return { jsonrpc: '2.0', error: { code, message: describeError(thrown) }, id };
    }
  }

  async #call(name: RpcValue | undefined, params: RpcValue): Promise<RpcParameter> {
    const method = typeof name === 'string' ? this.#methods.get(name) : undefined;
    if (typeof name !== 'string') throw new RpcFault('invalidRequest', 'Missing method');
    if (method === undefined) throw new RpcFault('methodNotFound', 'Method not found');
    if (!Array.isArray(params)) throw new RpcFault('invalidRequest', 'Params must be an array');
    if (!CHANGING_METHODS.has(name)) return method(params as readonly RpcValue[]);
    const change = this.#lastChange.then(() => method(params as readonly RpcValue[]));
    this.#lastChange = change.catch(() => undefined);
    return change;
  }

  /** Resolves when the last change that was asked for has ended. */
  async idle(): Promise<void> {
    await this.#lastChange;
  }
}

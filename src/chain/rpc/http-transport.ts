import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { ChainError } from '../errors.ts';
import { exchange, type HttpAnswer } from './http-exchange.ts';
import { parseRpcJson, writeRpcJson, type RpcParameter } from './rpc-json.ts';
import { readReply, type RpcCall, type RpcOutcome, type RpcTransport } from './rpc-transport.ts';

export type RpcCredentials =
  { readonly cookieFile: string } | { readonly user: string; readonly password: string };

export interface HttpTransportOptions {
  /** `http://127.0.0.1:8332`. Plain HTTP, as Bitcoin Core serves it: the node belongs on the same host or inside a tunnel. */
  readonly url: string;
  readonly credentials: RpcCredentials;
  /** Of one exchange. Default 30 seconds. */
  readonly timeoutMs?: number;
  /** Of one answer. Default fits a raw block of four million bytes in hexadecimal digits. */
  readonly maxAnswerBytes?: number;
  /** How often a call that may succeed later is sent in all. Default 4. */
  readonly attempts?: number;
  /** Before the second attempt; doubles with each further one. Default 100 ms. */
  readonly backoffMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_ANSWER_BYTES = 9 * 1024 * 1024;
const DEFAULT_ATTEMPTS = 4;
const DEFAULT_BACKOFF_MS = 100;
/** Bitcoin Core serves as many calls at once by default (`-rpcthreads`, 16) and queues 64. */
const MAX_CONNECTIONS = 8;
/** RPC_IN_WARMUP in Bitcoin Core's rpc/protocol.h. */
const WARMING_UP = -28;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** JSON-RPC over HTTP as Bitcoin Core serves it, with batches, limits and bounded retries. */
export class HttpTransport implements RpcTransport {
  readonly #options: Required<HttpTransportOptions>;
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS });
  #authorization: string | undefined;

  /** @throws ChainError `node_config_invalid` for an address that is not plain HTTP. */
  constructor(options: HttpTransportOptions) {
    this.#options = {
      timeoutMs: DEFAULT_TIMEOUT_MS,
      maxAnswerBytes: DEFAULT_MAX_ANSWER_BYTES,
      attempts: DEFAULT_ATTEMPTS,
      backoffMs: DEFAULT_BACKOFF_MS,
      ...options,
    };
    const url = URL.parse(options.url);
    if (url?.protocol !== 'http:' || url.username !== '' || url.password !== '') {
      throw new ChainError(
        'node_config_invalid',
        'The address of the node must read http://host:port, without user and password.',
      );
    }
    this.#url = url;
  }

  /**
   * Every call that Trilock makes may be made again (a broadcast of the same bytes changes nothing), so each
   * failure that may pass is retried, the others never.
   */
  async send(calls: readonly RpcCall[]): Promise<readonly RpcOutcome[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#sendOnce(calls);
      } catch (thrown) {
        if (!(thrown instanceof ChainError && thrown.retryable) || attempt >= this.#options.attempts)
          throw thrown;
        const ceiling = this.#options.backoffMs * 2 ** (attempt - 1);
        // Half fixed, half random, so that many processes do not come back together.
        await pause(ceiling / 2 + Math.random() * (ceiling / 2));
      }
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #sendOnce(calls: readonly RpcCall[]): Promise<readonly RpcOutcome[]> {
    const requests: RpcParameter[] = calls.map((call, id) => ({
      jsonrpc: '2.0',
      id,
      method: call.method,
      params: call.params,
    }));
    const single = requests.length === 1 ? requests[0] : undefined;
    let answer = await this.#exchange(writeRpcJson(single ?? requests));
    if (answer.status === 401 || answer.status === 403) {
      // A restarted node has a new cookie: read it again, once.
      this.#authorization = undefined;
      answer = await this.#exchange(writeRpcJson(single ?? requests));
    }
    this.#refuseByStatus(answer);
    const parsed = parseRpcJson(answer.body);
    const replies = (Array.isArray(parsed) ? parsed : [parsed]).map(readReply);
    return calls.map((_, id) => {
      const matching = replies.filter((reply) => reply.id === id);
      const [reply] = matching;
      if (reply === undefined || matching.length > 1 || replies.length !== calls.length) {
        throw new ChainError('node_answer_malformed', 'The node answered other calls than it was asked.');
      }
      if ('refusal' in reply.outcome && reply.outcome.refusal.code === WARMING_UP) {
        throw new ChainError('node_starting', 'The node is still starting.', { retryable: true });
      }
      return reply.outcome;
    });
  }

  #exchange(body: string): Promise<HttpAnswer> {
    const { timeoutMs, maxAnswerBytes } = this.#options;
    this.#authorization ??= this.#readAuthorization();
    const authorization = this.#authorization;
    return exchange({ url: this.#url, agent: this.#agent, authorization, body, timeoutMs, maxAnswerBytes });
  }

  #readAuthorization(): string {
    const { credentials } = this.#options;
    if (!('cookieFile' in credentials)) {
      return `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
    }
    try {
      return `Basic ${Buffer.from(readFileSync(credentials.cookieFile, 'utf8').trim()).toString('base64')}`;
    } catch (cause) {
      // The node writes it when it starts, so it may well appear.
      throw new ChainError('node_unreachable', 'The cookie file of the node cannot be read.', {
        details: { cookieFile: credentials.cookieFile },
        retryable: true,
        cause,
      });
    }
  }

  #refuseByStatus({ status, body }: HttpAnswer): void {
    if (status === 200) return;
    if (status === 401 || status === 403) {
      throw new ChainError('node_unauthorized', 'The node refused our user name and password.');
    }
    if (status === 503 || status === 429) {
      throw new ChainError('node_busy', 'The node is too busy to answer.', { retryable: true });
    }
    // JSON-RPC 1.x reports its errors under 400, 404 and 500 with a body that says more.
    if ((status === 400 || status === 404 || status === 500) && body.trimStart().startsWith('{')) return;
    throw new ChainError('node_answer_malformed', 'The node answered with an unexpected HTTP status.', {
      details: { status },
    });
  }
}

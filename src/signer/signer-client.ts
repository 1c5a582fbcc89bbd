import type { JsonValue } from '../shared/index.ts';
import { SignerError } from './errors.ts';
import {
  signerContract,
  type SignerAnswer,
  type SignerMethod,
  type SignerParameters,
} from './signer-contract.ts';
import { callWire } from './wire/wire-client.ts';

/** The signer of another process, method by method. */
export type SignerClient = {
  readonly [M in SignerMethod]: (parameters: SignerParameters<M>) => Promise<SignerAnswer<M>>;
};

/** A batch of 500 inputs takes seconds to verify and to sign. */
const ANSWER_TIMEOUT_MS = 60_000;

/**
 * A client of the signer behind a socket. What the signer refuses is thrown as the `DomainError` it was there,
 * with the code of `SignerError`, `IntentError` or `BitcoinError`.
 * @throws SignerError `wire_unreachable` (retryable), `answer_malformed`.
 */
export function signerClient(target: Parameters<typeof callWire>[0]): SignerClient {
  const call = async (method: SignerMethod, parameters: unknown): Promise<unknown> => {
    const answer = await callWire(target, method, parameters as JsonValue, ANSWER_TIMEOUT_MS);
    const parsed = signerContract[method].answer.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new SignerError('answer_malformed', 'The signer answers with something else than agreed.', {
      details: { method, reason: parsed.error.issues[0]?.message ?? '' },
    });
  };
  const methods = Object.keys(signerContract) as SignerMethod[];
  return Object.fromEntries(
    methods.map((method) => [method, (parameters: unknown) => call(method, parameters)]),
  ) as unknown as SignerClient;
}

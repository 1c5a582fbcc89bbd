import { httpErrorMap, type ErrorMap, type HttpErrorCode } from '../http/index.ts';
import type { SharedErrorCode } from '../shared/index.ts';

/** Every code that can reach a caller of the API. A code without an entry does not compile. */
export type ErrorCode = HttpErrorCode | SharedErrorCode;

export const errorMap = {
  ...httpErrorMap,
  amount_malformed: { status: 422, title: 'The amount is malformed' },
  amount_out_of_range: { status: 422, title: 'The amount is out of range' },
  fee_rate_malformed: { status: 422, title: 'The fee rate is malformed' },
  fee_rate_out_of_range: { status: 422, title: 'The fee rate is out of range' },
  id_malformed: { status: 422, title: 'The id is malformed' },
  json_not_canonical: { status: 422, title: 'The document has no canonical form' },
  config_invalid: { status: 500, title: 'The server is not configured rightly' },
} as const satisfies ErrorMap<ErrorCode>;

import { approvalErrorMap } from '../approvals/index.ts';
import { withdrawalErrorMap } from '../withdrawals/index.ts';
import type { AuditErrorCode } from '../audit/index.ts';
import { controlErrorMap, type ControlErrorCode } from '../control/index.ts';
import { webhookErrorMap, type EventErrorCode, type WebhookErrorCode } from '../events/index.ts';
import { freezeErrorMap, type FreezeErrorCode } from '../freeze/index.ts';
import { httpErrorMap, type ErrorMap, type HttpErrorCode } from '../http/index.ts';
import { identityErrorMap, type IdentityErrorCode } from '../identity/index.ts';
import type { LedgerErrorCode } from '../ledger/client/index.ts';
import { lockErrorMap, type LockErrorCode } from '../locks/index.ts';
import { depositErrorMap, type DepositErrorCode } from '../deposits/index.ts';
import { legalErrorMap, type LegalErrorCode } from '../legal/index.ts';
import { listErrorMap, policyErrorMap } from '../policy/index.ts';
import { noticeErrorMap, type NoticeErrorCode } from '../notices/index.ts';
import type { SharedErrorCode } from '../shared/index.ts';
import { transferErrorMap, type TransferErrorCode } from '../transfers/index.ts';
import { treasuryErrorMap, type TreasuryErrorCode } from '../treasury/index.ts';
import type { IntentErrorCode } from '../intents/index.ts';
import { walletErrorMap, type WalletErrorCode } from '../wallets/index.ts';
import { chainErrorMap } from './chain-error-map.ts';
import { intentErrorMap, keyErrorMap } from './statement-error-map.ts';

/** Every code that can reach a caller of the API. A code without an entry does not compile. */
type ErrorCode =
  | HttpErrorCode
  | SharedErrorCode
  | IdentityErrorCode
  | AuditErrorCode
  | EventErrorCode
  | LedgerErrorCode
  | TransferErrorCode
  | FreezeErrorCode
  | WalletErrorCode
  | LockErrorCode
  | DepositErrorCode
  | IntentErrorCode
  | keyof typeof keyErrorMap
  | keyof typeof chainErrorMap
  | keyof typeof approvalErrorMap
  | keyof typeof withdrawalErrorMap
  | keyof typeof policyErrorMap
  | LegalErrorCode
  | ControlErrorCode
  | TreasuryErrorCode
  | keyof typeof listErrorMap
  | NoticeErrorCode
  | WebhookErrorCode;

const ledgerAway = { status: 503, title: 'The ledger is not available' } as const;
const ledgerFault = { status: 500, title: 'The ledger refused what we sent' } as const;

export const errorMap = {
  ...httpErrorMap,
  ...identityErrorMap,
  ...transferErrorMap,
  ...freezeErrorMap,
  ...walletErrorMap,
  ...lockErrorMap,
  ...depositErrorMap,
  ...intentErrorMap,
  ...keyErrorMap,
  ...chainErrorMap,
  ...approvalErrorMap,
  ...withdrawalErrorMap,
  ...policyErrorMap,
  ...legalErrorMap,
  ...controlErrorMap,
  ...treasuryErrorMap,
  ...listErrorMap,
  ...noticeErrorMap,
  ...webhookErrorMap,
  amount_malformed: { status: 422, title: 'The amount is malformed' },
  windows_malformed: { status: 422, title: 'These are no hours of the week' },
  amount_out_of_range: { status: 422, title: 'The amount is out of range' },
  fee_rate_malformed: { status: 422, title: 'The fee rate is malformed' },
  fee_rate_out_of_range: { status: 422, title: 'The fee rate is out of range' },
  id_malformed: { status: 422, title: 'The id is malformed' },
  json_not_canonical: { status: 422, title: 'The document has no canonical form' },
  config_invalid: { status: 500, title: 'The server is not configured rightly' },
  audit_entry_too_large: { status: 500, title: 'The audit entry is too large' },
  audit_entry_invalid: { status: 500, title: 'The audit entry is not valid' },
  audit_entry_damaged: { status: 500, title: 'The audit log is damaged' },
  event_too_large: { status: 500, title: 'The event is too large' },
  event_invalid: { status: 500, title: 'The event is not valid' },
  events_damaged: { status: 500, title: 'The events are damaged' },
  ledger_log_broken: ledgerFault,
  ledger_durability_off: ledgerFault,
  ledger_store_unavailable: ledgerAway,
  ledger_not_leader: ledgerAway,
  ledger_overloaded: ledgerAway,
  ledger_protocol_broken: ledgerFault,
  ledger_unreachable: ledgerAway,
  ledger_client_closed: ledgerAway,
  ledger_request_invalid: ledgerFault,
} as const satisfies ErrorMap<ErrorCode>;

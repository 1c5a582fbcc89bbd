export { LedgerError, type LedgerErrorCode } from '../errors.ts';
export * from './client.ts';
export { ledgerId } from './ids.ts';
export type { LedgerAddress } from '../transport.ts';
export {
  AMOUNT_ALL,
  isSuccess,
  RESULT,
  LedgerFormatError,
  type AccountCommand,
  type AccountFlags,
  type AccountFlagsCommand,
  type AccountReading,
  type LedgerCommand,
  type LedgerId,
  type LedgerRecord,
  type LoggedRecord,
  type ResultName,
  type TransferCommand,
} from '../format/index.ts';
export {
  accountId,
  BITCOIN_ASSET,
  bookEvent,
  eventTransferId,
  LedgerChartError,
  openAccount,
  stepTransferId,
  type EventName,
  type LedgerChartErrorCode,
  type Occurrence,
  type Parties,
  type PurposeName,
} from '../chart/index.ts';

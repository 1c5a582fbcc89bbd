export { RecoveryError, type RecoveryErrorCode } from './errors.ts';
export type { KitEnvelopes, RecoveryKit } from './kit-contract.ts';
export { makeKit, type KitFacts } from './make-kit.ts';
export { readKit, type CheckedKit } from './read-kit.ts';
export { DEFAULT_GAP_LIMIT, findCoins, type CoinSearch, type FoundCoins } from './find-coins.ts';
export { kitEnvelopeBlobs, openRecoveryKey, type KeyMaterial } from './recovery-key.ts';
export { checkSweep, completeSweeps, planSweep, signSweep, type SweepWishes } from './sweep.ts';
export { deviceFiles } from './import-files.ts';
export { kitPdf } from './paper/kit-pdf.ts';
export type { DrillAnswer, DrillRequest } from './drill-contract.ts';
export {
  answerByCustomer,
  answerByDevice,
  answerDrill,
  deviceTasks,
  drillMessage,
  parseDrillAnswer,
  parseDrillRequest,
  verifyDrillProof,
} from './drill.ts';
export { DRILLED_ROLES, wrappedCopyName } from './recovery-plans.ts';

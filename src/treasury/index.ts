export { treasuryErrorMap, type TreasuryErrorCode } from './errors.ts';
export { awaitedMoveBundles, importMoveBundle } from './exchange-moves.ts';
export { treasuryWork } from './step-moves.ts';
export { treasuryRoutes } from './treasury-routes.ts';

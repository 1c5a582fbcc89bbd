export { legalErrorMap, type LegalErrorCode } from './errors.ts';
export { legalRoutes } from './legal-routes.ts';
export { settleLegalHolds } from './settle-legal-holds.ts';

export { ensureWebBuilt } from './build-web.ts';
export { WebError, type WebErrorCode } from './errors.ts';
export { webRoutes } from './web-routes.ts';

import type { RequestHandler } from 'express';
import helmet from 'helmet';

const TWO_YEARS_SECONDS = 63_072_000;

/** Features of the browser that no page of ours uses. */
const NO_FEATURES =
  'camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=()';

/**
 * Headers of every answer. The policy forbids everything: what serves pages sets a policy of its own on them.
 */
export function securityHeaders(): RequestHandler[] {
  return [
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'none'"],
          frameAncestors: ["'none'"],
        },
      },
      crossOriginEmbedderPolicy: { policy: 'require-corp' },
      crossOriginOpenerPolicy: { policy: 'same-origin' },
      crossOriginResourcePolicy: { policy: 'same-origin' },
      referrerPolicy: { policy: 'no-referrer' },
      strictTransportSecurity: { maxAge: TWO_YEARS_SECONDS, includeSubDomains: true },
      xFrameOptions: { action: 'deny' },
    }),
    (_request, response, next) => {
      // Answers hold balances and tokens: no cache, shared or private, keeps them.
      response.set({ 'cache-control': 'no-store', 'permissions-policy': NO_FEATURES });
      next();
    },
  ];
}

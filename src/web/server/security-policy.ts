/** Put by the build wherever a page needs the nonce of its response; the server replaces it. */
export const NONCE_PLACEHOLDER = '__STYLE_NONCE__';

/**
 * What a page may do. Scripts and styles come from this origin only; the nonce is for the `<style>` elements
 * that the component library writes; text can become an element only through the page's own Trusted Types
 * policy, which refuses tags. Specifications: https://www.w3.org/TR/CSP3/,
 * https://www.w3.org/TR/trusted-types/.
 */
export function contentSecurityPolicy(styleNonce: string): string {
  return [
    "default-src 'none'",
    // The curve is WebAssembly, compiled from our own origin; text is still never run.
    "script-src 'self' 'wasm-unsafe-eval'",
    `style-src 'self' 'nonce-${styleNonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types default',
  ].join('; ');
}

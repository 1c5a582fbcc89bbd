import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PageMount } from '../../http/index.ts';
import { loadBuild, type Asset, type WebBuild } from './load-build.ts';
import { contentSecurityPolicy, NONCE_PLACEHOLDER } from './security-policy.ts';

/** Addresses of the public site; every other application owns all at and below `/<its folder>`. */
const SITE_PATHS = new Set(['/', '/docs', '/lock']);

/** A hashed name never changes its content. */
const FOR_EVER = 'public, max-age=31536000, immutable';

function pageAt(build: WebBuild, path: string): string | undefined {
  if (SITE_PATHS.has(path)) return build.pages.get('site');
  const application = path.split('/')[1] ?? '';
  return application === 'site' ? undefined : build.pages.get(application);
}

function send(request: IncomingMessage, response: ServerResponse, content: string | Buffer): void {
  response.setHeader('content-length', Buffer.byteLength(content));
  response.end(request.method === 'HEAD' ? undefined : content);
}

function sendPage(page: string, request: IncomingMessage, response: ServerResponse): void {
  const nonce = randomBytes(16).toString('base64');
  response.setHeader('content-security-policy', contentSecurityPolicy(nonce));
  response.setHeader('cache-control', 'no-store');
  response.setHeader('content-type', 'text/html; charset=utf-8');
  send(request, response, page.replaceAll(NONCE_PLACEHOLDER, nonce));
}

/** `gzip;q=0.5, br`: whether `br` is named and not refused by `q=0` (RFC 9110, 12.5.3). */
function takesBrotli(request: IncomingMessage): boolean {
  const header = request.headers['accept-encoding'];
  const codings = (typeof header === 'string' ? header : '').split(',');
  return codings.some((coding) => /^\s*br\s*(;\s*q=(1|0\.\d*[1-9]\d*)(\.0*)?\s*)?$/i.test(coding));
}

function sendAsset(asset: Asset, request: IncomingMessage, response: ServerResponse): void {
  const brotli = takesBrotli(request);
  response.setHeader('cache-control', FOR_EVER);
  response.setHeader('vary', 'accept-encoding');
  response.setHeader('content-type', asset.mediaType);
  if (brotli) response.setHeader('content-encoding', 'br');
  send(request, response, brotli ? asset.brotli : asset.content);
}

/**
 * The pages and their assets, for `createApi`; whatever they do not know they leave to others. They need no
 * parser, no session and no database, and add to the headers of the HTTP kit only their own policy.
 * @throws WebError `web_not_built` when `buildDirectory` is not what `ensureWebBuilt` returned.
 */
export async function webRoutes(buildDirectory: string): Promise<PageMount> {
  const build = await loadBuild(buildDirectory);
  return {
    path: '/',
    handle(request, response, next) {
      const path = (request.url ?? '').split('?')[0] ?? '';
      const readsOnly = request.method === 'GET' || request.method === 'HEAD';
      const page = readsOnly ? pageAt(build, path) : undefined;
      const asset = readsOnly ? build.assets.get(path) : undefined;
      if (page !== undefined) sendPage(page, request, response);
      else if (asset !== undefined) sendAsset(asset, request, response);
      else next();
    },
  };
}

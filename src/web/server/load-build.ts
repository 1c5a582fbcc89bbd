import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { WebError } from './errors.ts';

const compress = promisify(brotliCompress);

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** Compressing costs time at start, so not at the highest level. */
const BROTLI_QUALITY = 6;

export interface Asset {
  readonly mediaType: string;
  readonly content: Buffer;
  readonly brotli: Buffer;
}

/** A whole build in memory: no request ever names a file. */
export interface WebBuild {
  /** By application, `site`, `dashboard`, …: the page with the nonce's placeholder. */
  readonly pages: ReadonlyMap<string, string>;
  /** By address, `/assets/…`. */
  readonly assets: ReadonlyMap<string, Asset>;
}

/** Reads what `ensureWebBuilt` made. @throws WebError `web_not_built` when it is not a build. */
export async function loadBuild(directory: string): Promise<WebBuild> {
  const pages = new Map<string, string>();
  const assets = new Map<string, Asset>();
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = relative(directory, file).split(sep);
    const mediaType = MEDIA_TYPES[extname(entry.name)];
    const content = await readFile(file);
    if (entry.name === 'index.html') {
      pages.set(path[0] ?? '', content.toString('utf8'));
    } else if (path[0] === 'assets' && mediaType !== undefined) {
      const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
      assets.set(`/${path.join('/')}`, { mediaType, content, brotli: await compress(content, { params }) });
    }
  }
  if (!pages.has('site')) {
    throw new WebError('web_not_built', 'The web pages are not built.', { internal: directory });
  }
  return { pages, assets };
}

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureWebBuilt, webRoutes } from '../../src/web/server/index.ts';
import { startSite, type SiteServer } from './site-server.ts';

let site: SiteServer;
let folder: string;
beforeAll(async () => {
  site = await startSite();
  folder = await mkdtemp(join(tmpdir(), 'trilock-web-'));
});
afterAll(async () => {
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

/** The path is sent as it stands, which `fetch` would not do. */
async function raw(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      const { hostname, port } = new URL(site.origin);
      request({ hostname, port, path, method, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          });
        });
      })
        .on('error', reject)
        .end();
    },
  );
}

async function assetPaths(): Promise<string[]> {
  return (await readdir(join(site.buildDirectory, 'assets'))).map((name) => `/assets/${name}`);
}

describe('a page', () => {
  it('comes with the strict policy, a fresh nonce each time, and is never kept', async () => {
    const [first, second] = await Promise.all([raw('/'), raw('/docs')]);
    const nonceOf = (answer: typeof first) =>
      /style-src 'self' 'nonce-([A-Za-z0-9+/]{22}==)'/.exec(
        String(answer.headers['content-security-policy']),
      )?.[1];
    const nonce = nonceOf(first);
    expect(nonce).toBeDefined();
    expect(nonceOf(second)).not.toBe(nonce);
    const html = first.body.toString();
    expect(html).toContain(`<meta property="csp-nonce" nonce="${nonce!}">`);
    expect(html).not.toContain('__STYLE_NONCE__');
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
    const policy = String(first.headers['content-security-policy']);
    // The curve is WebAssembly; scripts themselves are never made from text.
    const script = "script-src 'self' 'wasm-unsafe-eval'";
    for (const part of ["default-src 'none'", script, "require-trusted-types-for 'script'"]) {
      expect(policy.split('; ')).toContain(part);
    }
    expect(policy.replace(script, '')).not.toContain('unsafe');
    expect(first.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
  });

  it('answers HEAD without a body', async () => {
    const answer = await raw('/', {}, 'HEAD');
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(0);
  });
});

describe('an asset', () => {
  it('may be kept for ever, and comes compressed to those who take it', async () => {
    for (const path of await assetPaths()) {
      const [plain, small, refused] = await Promise.all([
        raw(path),
        raw(path, { 'accept-encoding': 'gzip;q=0.8, br' }),
        raw(path, { 'accept-encoding': 'br;q=0' }),
      ]);
      expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(small.headers['content-encoding']).toBe('br');
      expect(brotliDecompressSync(small.body).equals(plain.body)).toBe(true);
      expect(refused.headers['content-encoding']).toBeUndefined();
    }
  });

  it('needs nothing from elsewhere: no page, style or script names another host', async () => {
    for (const path of (await assetPaths()).filter((one) => one.endsWith('.css'))) {
      expect((await raw(path)).body.toString()).not.toMatch(/url\(\s*['"]?(https?:|\/\/|data:)|@import/);
    }
  });
});

it.each([
  '/site',
  '/site/index.html',
  '/index.html',
  '/docs/',
  '/assets',
  '/assets/',
  '/assets/missing.js',
  '/assets/../site/index.html',
  '/assets/%2e%2e/site/index.html',
  '/assets/..%2f..%2f..%2fpackage.json',
  '//etc/passwd',
  '/__proto__',
  '/constructor',
])('there is nothing at %s', async (path) => {
  const answer = await raw(path);
  expect(answer.status).toBe(404);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
});

it('a page is only read: POST is refused', async () => {
  expect((await raw('/', {}, 'POST')).status).toBe(404);
});

describe('building', () => {
  it('happens once under concurrent starts, and a second start finds it', async () => {
    const output = join(folder, 'output');
    const [first, second] = await Promise.all([ensureWebBuilt(output), ensureWebBuilt(output)]);
    expect(first).toBe(second);
    expect(await readdir(output)).toHaveLength(1);
    await writeFile(join(first, 'mark'), 'still the same build');
    expect(await readdir(await ensureWebBuilt(output))).toContain('mark');
    expect(await webRoutes(first)).toMatchObject({ path: '/' });
  });

  it('fails with its own code where nothing can be written', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(ensureWebBuilt(join(file, 'output'))).rejects.toMatchObject({ code: 'web_build_failed' });
  });

  it('is refused when it is not one', async () => {
    await expect(webRoutes(join(folder, 'missing'))).rejects.toMatchObject({ code: 'web_not_built' });
  });
});

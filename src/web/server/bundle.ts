import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { build } from 'vite';
import { NONCE_PLACEHOLDER } from './security-policy.ts';
import { curveInBrowser } from './wasm-plugin.ts';

const WEB_SOURCE = join(import.meta.dirname, '..');

/** Each folder of src/web with an index.html is an application of its own; they share the kit's chunks. */
async function findEntries(): Promise<Record<string, string>> {
  const folders = await readdir(WEB_SOURCE, { withFileTypes: true });
  const pages = await Promise.all(
    folders
      .filter((folder) => folder.isDirectory())
      .map(async ({ name }) => {
        const page = join(WEB_SOURCE, name, 'index.html');
        const exists = await access(page).then(
          () => true,
          () => false,
        );
        return exists ? [[name, page] as const] : [];
      }),
  );
  return Object.fromEntries(pages.flat());
}

async function bundleInto(directory: string): Promise<void> {
  await build({
    configFile: false,
    root: WEB_SOURCE,
    base: '/',
    mode: 'production',
    logLevel: 'silent',
    publicDir: false,
    cacheDir: join(directory, '.cache'),
    plugins: [react(), curveInBrowser()],
    html: { cspNonce: NONCE_PLACEHOLDER },
    build: {
      outDir: directory,
      emptyOutDir: false,
      assetsDir: 'assets',
      // A data: URL would need a hole in the Content-Security-Policy.
      assetsInlineLimit: 0,
      // The polyfill is for browsers without modulepreload, none of which know Trusted Types either.
      modulePreload: { polyfill: false },
      rolldownOptions: { input: await findEntries() },
    },
  });
}

// Run as a program, by `ensureWebBuilt`, with the folder to write into.
const [, , directory] = process.argv;
if (directory === undefined) throw new Error('usage: bundle.ts <output directory>');
await bundleInto(directory);

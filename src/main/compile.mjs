// Bundles the sources once, so that every later start of a program reads a few files instead of hundreds. Plain
// JavaScript, because it runs before any TypeScript can. A bundle is named by what it was made from, so it is never
// stale: edited sources have another name.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const PROJECT = join(import.meta.dirname, '..', '..');
const SOURCES = join(PROJECT, 'src');
const TESTS = join(PROJECT, 'test');
const KEPT_IN = join(PROJECT, '.cache', 'compiled');
/** A program that still runs may load more of an older bundle. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** @returns every source file below a folder, in the same order each time. */
function sourcesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Names what a bundle is made from, by place, size and time of change of each file. */
function fingerprint(entry) {
  const hash = createHash('sha256').update(`${process.version}\0${entry}`);
  // A program of the tests is made from any of theirs too.
  const folders = entry.startsWith(SOURCES + sep) ? [SOURCES] : [SOURCES, TESTS];
  for (const file of folders.flatMap(sourcesBelow)) {
    const { mtimeMs, size, ino } = statSync(file);
    hash.update(`\0${file}\0${mtimeMs}\0${size}\0${ino}`);
  }
  return hash
    .update(readFileSync(join(PROJECT, 'package.json')))
    .digest('hex')
    .slice(0, 32);
}

/** In a bundle a module still knows where its source is: what lies beside it is found there. */
const whereSourcesAre = {
  name: 'where sources are',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.')) return undefined;
      const contents = text
        .replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(path).href))
        .replaceAll(/\bimport\.meta\.dirname\b/g, JSON.stringify(dirname(path)));
      return { contents, loader: 'ts' };
    });
  },
};

function forgetOld(but) {
  for (const name of readdirSync(KEPT_IN)) {
    const folder = join(KEPT_IN, name);
    if (name !== but && Date.now() - statSync(folder).mtimeMs > KEPT_MS)
      rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Where the bundle of a program is, made when there is none of these sources yet. Several processes may ask at once.
 * @param entry its first source file, of the product or of the tests.
 * @returns the bundle's first file; throws when the project's folder cannot be written to.
 */
export async function compiled(entry) {
  const name = fingerprint(entry);
  const folder = join(KEPT_IN, name);
  const first = join(folder, `${basename(entry, '.ts')}.mjs`);
  if (existsSync(first)) return first;
  mkdirSync(KEPT_IN, { recursive: true });
  const making = join(KEPT_IN, `.${randomUUID()}`);
  try {
    const { build } = await import('esbuild');
    await build({
      entryPoints: [entry],
      outdir: making,
      outExtension: { '.js': '.mjs' },
      ...{
        bundle: true,
        splitting: true,
        packages: 'external',
        format: 'esm',
        platform: 'node',
        target: 'node20',
      },
      ...{ keepNames: true, sourcemap: true, logLevel: 'silent', absWorkingDir: PROJECT },
      plugins: [whereSourcesAre],
    });
    renameSync(making, folder);
  } catch (thrown) {
    // Another process was quicker.
    if (!existsSync(first)) throw thrown;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  forgetOld(name);
  return first;
}

/** A bundle of the whole product: `npm run build` makes it ahead of the first start. */
export function compiledProduct() {
  return compiled(join(SOURCES, 'main', 'cli.ts'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${relative(PROJECT, await compiledProduct())}\n`);
}

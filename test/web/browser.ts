import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';

const ROOT = new URL('../../', import.meta.url).pathname;
const PACKAGE = '@sparticuz/chromium';

interface Executable {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The package's own file looks in Lambda's folders only, and text without any font has no size at all. */
function fontConfiguration(folder: string): string {
  const directories = [join(folder, 'fonts', 'fonts'), '/usr/share/fonts'];
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  ${directories.map((directory) => `<dir>${directory}</dir>`).join('\n  ')}
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function packageVersion(): string {
  const require = createRequire(import.meta.url);
  const folder = dirname(dirname(dirname(require.resolve(PACKAGE))));
  return (require(join(folder, 'package.json')) as { version: string }).version;
}

/**
 * Unpacks the browser that the npm package carries, once. The package unpacks into the temporary folder, its
 * libraries (libnss3 and others that slim systems lack) only where it believes to run in Lambda, and two
 * processes at once would see each other's half-written files: so it runs in a child with a temporary folder
 * of its own, which is then renamed into place.
 */
async function unpackedBrowser(): Promise<Executable> {
  const folder = join(ROOT, '.cache', `chromium-${packageVersion()}`);
  if (!(await exists(folder))) {
    const unfinished = `${folder}-${randomUUID()}`;
    await mkdir(unfinished, { recursive: true });
    const script = `const { default: chromium } = await import('${PACKAGE}'); await chromium.executablePath();`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: ROOT,
      env: { ...process.env, TMPDIR: unfinished, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' },
    });
    await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true, force: true }));
  }
  const fontFile = join(folder, 'fonts.conf');
  await writeFile(fontFile, fontConfiguration(folder));
  return {
    executablePath: join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_FILE: fontFile },
  };
}

/**
 * A headless browser: the one from the npm package, or the one that TRILOCK_TEST_CHROMIUM names. The sandbox is off
 * because the tests also run as root, and the pages are our own.
 */
export async function launchBrowser(): Promise<Browser> {
  const system = process.env['TRILOCK_TEST_CHROMIUM'];
  const { executablePath, env } =
    system === undefined ? await unpackedBrowser() : { executablePath: system, env: {} };
  return chromium.launch({
    executablePath,
    env: { ...process.env, ...env },
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'],
  });
}

/** Collects everything a page complains about: console errors, exceptions, policy violations, failed loads. */
export async function watchComplaints(page: Page): Promise<string[]> {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) =>
    complaints.push(`failed: ${request.url()} ${request.failure()?.errorText ?? ''}`),
  );
  await page.exposeFunction('reportViolation', (text: string) => complaints.push(`violation: ${text}`));
  await page.addInitScript(() => {
    const target = globalThis as unknown as { reportViolation: (text: string) => void };
    document.addEventListener('securitypolicyviolation', (event) => {
      target.reportViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  return complaints;
}

/** Where a test leaves pictures for people. */
export async function screenshotPath(name: string): Promise<string> {
  const folder = join(ROOT, 'test-results', 'web');
  await mkdir(folder, { recursive: true });
  return join(folder, `${name}.png`);
}

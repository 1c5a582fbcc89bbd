import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser, screenshotPath, watchComplaints } from './browser.ts';
import { openAt, showReference, showStatus } from './looks.ts';
import { startSite, STATUS_FACTS, type SiteServer } from './site-server.ts';

let site: SiteServer;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  [site, browser] = await Promise.all([startSite(), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await site.close();
});

beforeEach(async () => {
  site.facts = STATUS_FACTS;
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(20_000);
  complaints = await watchComplaints(page);
});

afterEach(async () => {
  await page.close();
});

describe('the status page', () => {
  it.each(['360 px, dark', '1440 px, light'] as const)('shows every part at %s', async (look) => {
    await showStatus(site, page, look);
    expect(complaints).toEqual([]);
  });

  it('says that money cannot move when the database is down', async () => {
    const [first, ...others] = STATUS_FACTS.processes;
    site.facts = {
      ...STATUS_FACTS,
      processes: [
        { ...first!, state: 'starting' },
        ...others.map((one) => ({ ...one, state: 'unreachable' as const })),
      ],
      database: { state: 'down', serverVersion: null, answeredInMs: null },
      node: { ...STATUS_FACTS.node, state: 'down', implementation: null, tip: null },
      ledger: { state: 'down', sequence: null, headHash: null },
    };
    await openAt(site, page, '/', '820 px, dark');
    await page.getByRole('heading', { name: 'No money can move' }).waitFor();
    await page.screenshot({ path: await screenshotPath('status-down-820-dark'), fullPage: true });
    expect(complaints).toEqual([]);
  });

  it('shows a refusal in the words and with the code of the API, and recovers on request', async () => {
    site.facts = null;
    await openAt(site, page, '/', '360 px, light');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toContain('Not shown at this hour.');
    expect(await alert.innerText()).toContain('forbidden');
    await page.screenshot({ path: await screenshotPath('status-refused-360-light'), fullPage: true });
    site.facts = STATUS_FACTS;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Everything is running' }).waitFor();
    expect(complaints.filter((one) => !one.includes('403'))).toEqual([]);
  });

  it('remembers the chosen colours and is worked by keyboard', async () => {
    await openAt(site, page, '/', '1440 px, light');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.getByRole('button', { name: 'Use the dark colours' }).focus();
    await page.keyboard.press('Enter');
    await page.reload();
    await page.getByRole('button', { name: 'Use the light colours' }).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('the API page', () => {
  it.each(['360 px, light', '1440 px, dark'] as const)('shows every operation at %s', async (look) => {
    await showReference(site, page, look);
    expect(complaints).toEqual([]);
  });

  it('shows parameters, body, answers, errors and examples of an operation', async () => {
    await openAt(site, page, '/docs#createTransfer', '1440 px, light');
    const operation = page.locator('#createTransfer');
    await operation.waitFor();
    const text = await operation.innerText();
    for (const part of [
      'Idempotency-Key',
      'The account that pays.',
      'A whole number of satoshis',
      'pending',
      '422',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain(`curl -X POST '${site.origin}/v1/accounts/`);
    expect(text).toContain('"to": "acc_01jd1f0v00e008000000000001"');
    await operation.getByText('rate_limited').click();
    await expect.poll(() => operation.innerText()).toContain('requestId');
    expect(complaints).toEqual([]);
  });

  it('searches by words of path, name and parameter', async () => {
    await openAt(site, page, '/docs', '1440 px, light');
    await page.getByRole('heading', { name: 'Trilock API' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('payment limit');
    await expect.poll(() => page.getByRole('article').count()).toBe(1);
    expect(await page.getByRole('article').innerText()).toContain('List payments of an account');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('nonsense');
    await page.getByText('No operation has all of these words.').waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('the policy of the pages', () => {
  beforeEach(async () => {
    await page.goto(site.origin);
    await page.getByRole('heading', { level: 1 }).waitFor();
    complaints.length = 0;
  });

  it('lets no text become an element', async () => {
    const refused = await page.evaluate(() => {
      try {
        document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="globalThis.stolen = true">');
        return false;
      } catch (error) {
        return error instanceof TypeError;
      }
    });
    expect(refused).toBe(true);
  });

  it('runs no inline script, no text as a program and no second policy', async () => {
    // What the test itself evaluates may do anything; what a timer of the page runs may not.
    const results = await page.evaluate(async () => {
      const attempt = (action: () => unknown): Promise<string> =>
        new Promise((resolve) => {
          setTimeout(() => {
            try {
              resolve(String(action()));
            } catch (error) {
              resolve(error instanceof Error ? error.name : 'thrown');
            }
          });
        });
      const inline = document.createElement('script');
      const factory = (
        globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): unknown } }
      ).trustedTypes;
      return {
        // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the attack under test
        program: await attempt(() => (new Function('return 1') as () => unknown)()),
        inline: await attempt(() => (inline.text = 'globalThis.stolen = true')),
        policy: await attempt(() => factory.createPolicy('other', {})),
      };
    });
    expect(results).toEqual({ program: 'EvalError', inline: 'TypeError', policy: 'TypeError' });
    expect(await page.evaluate(() => 'stolen' in globalThis)).toBe(false);
  });

  it('applies no style without the nonce and sends nothing elsewhere', async () => {
    const outcome = await page.evaluate(async () => {
      const style = document.createElement('style');
      style.textContent = 'body { outline: 7px solid red }';
      document.head.append(style);
      const sent = await fetch('https://example.com/steal').then(
        () => 'sent',
        () => 'refused',
      );
      return { outline: getComputedStyle(document.body).outlineWidth, sent };
    });
    expect(outcome.sent).toBe('refused');
    expect(outcome.outline).not.toBe('7px');
    for (const directive of ['style-src-elem', 'connect-src']) {
      await expect.poll(() => complaints.join('\n')).toContain(`violation: ${directive}`);
    }
  });
});

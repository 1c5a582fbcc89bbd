import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser, watchComplaints } from './browser.ts';
import { SCHEMES, showReference, showStatus, WIDTHS } from './looks.ts';
import { startSite, type SiteServer } from './site-server.ts';

let site: SiteServer;
let browser: Browser;
beforeAll(async () => {
  [site, browser] = await Promise.all([startSite(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

const LOOKS = WIDTHS.flatMap((width) => SCHEMES.map((scheme) => `${width} px, ${scheme}` as const));

it.each(LOOKS)('every page looks right at %s, without a complaint', async (look) => {
  const page = await browser.newPage();
  const complaints = await watchComplaints(page);
  await showStatus(site, page, look);
  await showReference(site, page, look);
  expect(complaints).toEqual([]);
  await page.close();
});

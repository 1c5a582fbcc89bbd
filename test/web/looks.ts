import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { screenshotPath } from './browser.ts';
import type { SiteServer } from './site-server.ts';

export const WIDTHS = [360, 820, 1440] as const;
export const SCHEMES = ['light', 'dark'] as const;

/** A width and a choice of colours. */
export type Look = `${(typeof WIDTHS)[number]} px, ${(typeof SCHEMES)[number]}`;

export async function openAt(site: SiteServer, page: Page, path: string, look: Look): Promise<void> {
  await page.setViewportSize({ width: Number.parseInt(look), height: 900 });
  await page.emulateMedia({ colorScheme: look.endsWith('dark') ? 'dark' : 'light', reducedMotion: 'reduce' });
  await page.goto(`${site.origin}${path}`);
}

async function picture(page: Page, name: string, look: Look): Promise<void> {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - globalThis.innerWidth);
  expect(overflow, 'the page must not scroll sideways').toBeLessThanOrEqual(0);
  const path = await screenshotPath(`${name}-${look.replace(' px, ', '-')}`);
  await page.screenshot({ path, fullPage: true });
}

/** Opens the status page, checks that every part is there, and takes a picture. */
export async function showStatus(site: SiteServer, page: Page, look: Look): Promise<void> {
  await openAt(site, page, '/', look);
  await page.getByRole('heading', { name: 'Everything is running' }).waitFor();
  for (const role of ['api', 'worker', 'ledger', 'signer', 'witness']) {
    expect(await page.getByRole('row').filter({ hasText: role }).first().isVisible()).toBe(true);
  }
  expect(await page.getByRole('region', { name: 'Bitcoin node' }).innerText()).toContain('1,432');
  expect(await page.getByRole('region', { name: 'Ledger' }).innerText()).toContain('128,904');
  await picture(page, 'status', look);
}

/** Opens the API page, checks that every operation is there, and takes a picture. */
export async function showReference(site: SiteServer, page: Page, look: Look): Promise<void> {
  await openAt(site, page, '/docs', look);
  await page.getByRole('heading', { name: 'Trilock API' }).waitFor();
  for (const name of ['Status of the installation', 'Send a payment', 'List payments of an account']) {
    expect(await page.getByRole('heading', { name }).isVisible()).toBe(true);
  }
  await picture(page, 'api', look);
}

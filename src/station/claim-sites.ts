import { join } from 'node:path';
import { resolveSites } from '../keyring/index.ts';
import { readDocumentIfThere, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import type { Station } from './station.ts';

const SITE = 'SITE.json';

/** A site belongs to one role and network for good, so that no place ever holds two keys of a wallet. */
export async function claimSite({ role, network }: Station, site: string): Promise<void> {
  const path = join(site, SITE);
  const claimed = await readDocumentIfThere(path);
  if (claimed === undefined) await writeDocument(path, { role, network });
  else if (JSON.stringify(claimed) !== JSON.stringify({ role, network })) {
    throw new StationError(
      'site_of_another_station',
      `${site}: It keeps the keys of another role or network.`,
      { details: { site, role, network } },
    );
  }
}

/** The real directories of all sites, each claimed. @throws StationError `site_of_another_station`; KeyringError `sites_…`. */
export async function claimSites(station: Station): Promise<readonly string[]> {
  const sites = await resolveSites(station.sites);
  for (const site of sites) await claimSite(station, site);
  return sites;
}

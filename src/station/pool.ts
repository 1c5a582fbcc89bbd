import { join } from 'node:path';
import { accountKeyFromSeed, formatKeyOrigin, provePossession, type AccountKey } from '../bitcoin/index.ts';
import {
  keyStatementDigest,
  parseKeyAttestation,
  toBase64Url,
  type KeyAttestation,
  type KeyStatement,
} from '../intents/index.ts';
import {
  keyIdOf,
  newEntropy,
  resolveSites,
  sealEnvelope,
  seedOfEntropy,
  writeToSites,
  type AttestationKey,
  type EnvelopeContext,
} from '../keyring/index.ts';
import { makeDirectory, namesIn, readDocument, readDocumentIfThere, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import type { Station } from './station.ts';

/** Every key has a seed of its own, so its account is the first. */
const ACCOUNT = 0;
const SITE = 'SITE.json';

export interface PoolWishes {
  readonly pool: string;
  /** Keys that the pool has when it is done, those of an interrupted run included. */
  readonly count: number;
  readonly attestationKey: AttestationKey;
  /** Called after each key that is safe at every site. */
  readonly onKey?: (done: number) => void;
}

function poolFolder(station: Station, pool: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(pool)) {
    throw new StationError('pool_name_invalid', 'A pool is named by lower-case letters, digits and -.');
  }
  return join(station.directory, 'pools', pool);
}

/** The name of a key's envelope at every site. */
export function envelopeName(keyId: string): string {
  return `${keyId}.envelope`;
}

/** A site belongs to one role and network for good, so that no place ever holds two keys of a wallet. */
async function claimSites(station: Station): Promise<readonly string[]> {
  const sites = await resolveSites(station.sites);
  const { role, network } = station;
  for (const site of sites) {
    const path = join(site, SITE);
    const claimed = await readDocumentIfThere(path);
    if (claimed === undefined) await writeDocument(path, { role, network });
    else if (JSON.stringify(claimed) !== JSON.stringify({ role, network })) {
      throw new StationError(
        'site_of_another_station',
        `${site}: It keeps the keys of another role or network.`,
        {
          details: { site, role, network },
        },
      );
    }
  }
  return sites;
}

function attest(station: Station, key: AccountKey, attestationKey: AttestationKey): KeyAttestation {
  const statement: KeyStatement = {
    purpose: 'account key',
    network: station.network,
    role: station.role,
    origin: formatKeyOrigin(key.origin),
    xpub: key.xpub.text,
    source: station.name,
  };
  const digest = keyStatementDigest(statement);
  return {
    statement,
    possession: provePossession(key, station.role, digest),
    attestedBy: { algorithm: 'ed25519', raw: toBase64Url(attestationKey.publicKey) },
    signature: { algorithm: 'ed25519', signature: toBase64Url(attestationKey.sign(digest)) },
  };
}

/** The context by which an attested key is wrapped. */
export function envelopeContext({ statement }: KeyAttestation): EnvelopeContext {
  const { role, network, origin, xpub } = statement;
  return { keyId: keyIdOf(xpub), role, network, fingerprint: origin.slice(1, 9) };
}

/** The account key of entropy; the seed does not outlive the call. */
export function accountKeyOf(entropy: Buffer, network: Station['network']): AccountKey {
  const seed = seedOfEntropy(entropy);
  try {
    return accountKeyFromSeed(seed, network, ACCOUNT);
  } finally {
    seed.fill(0);
  }
}

/** One key: made, attested, wrapped, written to every site and read back, and only then counted. */
async function makeKey(
  station: Station,
  folder: string,
  sites: readonly string[],
  attestationKey: AttestationKey,
): Promise<void> {
  const entropy = newEntropy();
  try {
    const key = accountKeyOf(entropy, station.network);
    const attestation = attest(station, key, attestationKey);
    key.erase();
    const context = envelopeContext(attestation);
    await writeToSites(sites, envelopeName(context.keyId), sealEnvelope(entropy, context, station.masters));
    await writeDocument(join(folder, `${context.keyId}.json`), attestation);
  } finally {
    entropy.fill(0);
  }
}

/**
 * Fills a pool with fresh account keys, every seed independent and wrapped by itself. Run again after a kill, it
 * goes on where it was: a key counts from the moment that all copies of its envelope were verified.
 * @returns the pool's public halves, for the online side.
 * @throws StationError `pool_full`, `pool_name_invalid`, `site_of_another_station`; KeyringError `sites_…`, `file_…`.
 */
export async function generateKeys(station: Station, wishes: PoolWishes): Promise<readonly KeyAttestation[]> {
  const { pool, count, attestationKey, onKey } = wishes;
  const folder = poolFolder(station, pool);
  await makeDirectory(folder);
  const sites = await claimSites(station);
  let done = (await namesIn(folder)).length;
  if (done > count) {
    throw new StationError('pool_full', `The pool ${pool} has ${done} keys already.`, {
      details: { pool, keys: done },
    });
  }
  for (; done < count; onKey?.(done)) {
    await makeKey(station, folder, sites, attestationKey);
    done++;
  }
  return poolKeys(station, pool);
}

/** The public halves of a pool. */
export async function poolKeys(station: Station, pool: string): Promise<readonly KeyAttestation[]> {
  const folder = poolFolder(station, pool);
  const keys: KeyAttestation[] = [];
  for (const name of await namesIn(folder))
    keys.push(parseKeyAttestation(await readDocument(join(folder, name))));
  return keys;
}

/** Whether this station made a key, in any of its pools. */
export async function isOwnKey(station: Station, xpub: string): Promise<boolean> {
  const name = `${keyIdOf(xpub)}.json`;
  for (const pool of await namesIn(join(station.directory, 'pools'))) {
    const attestation = await readDocumentIfThere(join(poolFolder(station, pool), name));
    if (attestation !== undefined) return parseKeyAttestation(attestation).statement.xpub === xpub;
  }
  return false;
}

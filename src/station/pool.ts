import { join } from 'node:path';
import { accountKeyFromSeed, formatKeyOrigin, provePossession, type AccountKey } from '../bitcoin/index.ts';
import { keyStatementDigest, toBase64Url, type KeyAttestation, type KeyStatement } from '../intents/index.ts';
import {
  newEntropy,
  sealEnvelope,
  sealForDisaster,
  seedOfEntropy,
  writeToSites,
  type AttestationKey,
  type EnvelopeContext,
} from '../keyring/index.ts';
import { systemClock } from '../shared/index.ts';
import { backupManifests, describeBlob, recordBackup, type Blob } from './backup-manifest.ts';
import { claimSites } from './claim-sites.ts';
import { makeDirectory, namesIn, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import { requireCurrentMasters } from './officer-masters.ts';
import {
  disasterName,
  envelopeContext,
  envelopeName,
  poolFolder,
  poolKeys,
  poolRecordPath,
  poolRecords,
} from './pool-records.ts';
import type { Station } from './station.ts';
import { clearUnfinishedKey, noteUnfinishedKey } from './unfinished-key.ts';

/** Every key has a seed of its own, so its account is the first. */
const ACCOUNT = 0;

export interface PoolWishes {
  readonly pool: string;
  /** Keys that the pool has when it is done, those of an interrupted run included. */
  readonly count: number;
  readonly attestationKey: AttestationKey;
  /** Called after each key that is safe at every site. */
  readonly onKey?: (done: number) => void;
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

/** What a rewrap has prepared and not yet finished. */
export function rewrapFolder(station: Pick<Station, 'directory'>): string {
  return join(station.directory, 'rewrap');
}

/** @throws StationError `rewrap_unfinished`. */
async function requireNoRewrap(station: Station): Promise<void> {
  if ((await namesIn(rewrapFolder(station))).length === 0) return;
  throw new StationError('rewrap_unfinished', 'A rewrap was begun and not finished: run it again first.');
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

/** The nested envelope, and beside it one for the disaster key. */
function wrap(
  { masters, disaster }: Station,
  context: EnvelopeContext,
  entropy: Buffer,
): { readonly name: string; readonly bytes: Buffer }[] {
  const nested = { name: envelopeName(context.keyId), bytes: sealEnvelope(entropy, context, masters) };
  if (disaster === null) return [nested];
  return [nested, { name: disasterName(context.keyId), bytes: sealForDisaster(entropy, context, disaster) }];
}

/** One key: made, attested, wrapped, written to every site and read back, and only then counted. */
async function makeKey(
  station: Station,
  pool: string,
  sites: readonly string[],
  attestationKey: AttestationKey,
): Promise<void> {
  const entropy = newEntropy();
  try {
    const key = accountKeyOf(entropy, station.network);
    const attestation = attest(station, key, attestationKey);
    key.erase();
    const context = envelopeContext(attestation);
    const wrapped = wrap(station, context, entropy);
    const blobs = wrapped.map(({ name, bytes }) => describeBlob(name, bytes));
    await noteUnfinishedKey(station, { pool, keyId: context.keyId, blobs });
    const copies = await Promise.allSettled(
      wrapped.map(({ name, bytes }) => writeToSites(sites, name, bytes)),
    );
    for (const copy of copies) if (copy.status === 'rejected') throw copy.reason;
    await writeDocument(poolRecordPath(station, pool, context.keyId), { attestation, blobs });
  } finally {
    entropy.fill(0);
  }
}

/**
 * Fills a pool with fresh account keys, every seed independent and wrapped by itself. Run again after a kill, it
 * goes on where it was: a key counts from the moment that all copies of its envelope were verified; of one that did
 * not come so far, nothing stays.
 * @returns the pool's public halves, for the online side.
 * @throws StationError `pool_full`, `pool_name_invalid`, `site_of_another_station`, `rewrap_unfinished`; KeyringError
 * `certificate_expired`, `sites_…`, `file_…`.
 */
export async function generateKeys(station: Station, wishes: PoolWishes): Promise<readonly KeyAttestation[]> {
  const { pool, count, attestationKey, onKey } = wishes;
  requireCurrentMasters(station, systemClock.nowMs());
  await requireNoRewrap(station);
  const folder = poolFolder(station, pool);
  await makeDirectory(folder);
  const sites = await claimSites(station);
  await clearUnfinishedKey(station, sites);
  let done = (await namesIn(folder)).length;
  if (done > count) {
    throw new StationError('pool_full', `The pool ${pool} has ${done} keys already.`, {
      details: { pool, keys: done },
    });
  }
  for (; done < count; onKey?.(done)) {
    await makeKey(station, pool, sites, attestationKey);
    done++;
  }
  await clearUnfinishedKey(station, sites);
  await recordPools(station, sites, attestationKey);
  return poolKeys(station, pool);
}

/** Brings the backup manifest up to date: what it says of known keys stays, new keys are added. */
async function recordPools(
  station: Station,
  sites: readonly string[],
  attestationKey: AttestationKey,
): Promise<void> {
  const known = (await backupManifests(station)).at(-1)?.blobs ?? [];
  const names = new Set(known.map(({ name }) => name));
  const made: Blob[] = [];
  for (const pool of await namesIn(join(station.directory, 'pools'))) {
    for (const { blobs } of await poolRecords(station, pool))
      made.push(...blobs.filter(({ name }) => !names.has(name)));
  }
  await recordBackup(station, sites, [...known, ...made], attestationKey);
}

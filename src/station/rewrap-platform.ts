import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  isDemoKey,
  keyIdOf,
  KeyringError,
  MAX_ENVELOPE_BYTES,
  openEnvelope,
  openForDisaster,
  readEnvelope,
  readRegularFile,
  requireTwoMasters,
  resolveSites,
  sealEnvelope,
  sealForDisaster,
  writeNewFile,
  type EnvelopeContext,
  type MasterPrivateKey,
  type MasterPublicKey,
  type Masters,
} from '../keyring/index.ts';
import { makeDirectory, namesIn, readDocumentIfThere, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import { accountKeyOf } from './pool.ts';
import { putInPlace } from './put-in-place.ts';
import type { Station } from './station.ts';

/** What opens the wrapped copies as they are: their two masters, or the officers’ disaster key. */
export type PlatformSource =
  | { readonly kind: 'nested'; readonly masters: Masters<MasterPrivateKey> }
  | { readonly kind: 'disaster'; readonly key: MasterPrivateKey };

/** To whom platform keys are to be wrapped. */
export interface PlatformTarget {
  readonly masters: Masters;
  /** Null leaves the copies for the disaster key as they are. */
  readonly disaster: MasterPublicKey | null;
}

export interface PlatformRewrap {
  readonly network: Station['network'];
  /** Every place with wrapped copies of the platform signer, its own directory of envelopes among them. */
  readonly sites: readonly string[];
  /** Where new envelopes wait until all are prepared. */
  readonly work: string;
  readonly target: PlatformTarget;
  /** Asked for only while something is left to be opened. */
  readonly openSource: () => Promise<PlatformSource>;
  readonly onKey?: (done: number, total: number) => void;
}

const TARGET = 'TARGET.json';
const COPY = /^platform-([0-9a-f]{32})\.(envelope|disaster)$/;

function requireTarget({ masters, disaster }: PlatformTarget, network: Station['network']): void {
  requireTwoMasters(masters);
  const keys = [masters.inner, masters.outer, ...(disaster === null ? [] : [disaster])];
  if (new Set(keys.map(({ fingerprint }) => fingerprint)).size !== keys.length) {
    throw new StationError('disaster_key_not_apart', 'The disaster key is one of the masters.');
  }
  if (network === 'mainnet' && keys.some(({ fingerprint }) => isDemoKey(fingerprint))) {
    throw new StationError('station_demo_key', 'A demo key protects nothing: it is refused on mainnet.');
  }
}

async function keyIdsAt(sites: readonly string[]): Promise<string[]> {
  const ids = new Set<string>();
  for (const site of sites)
    for (const name of await namesIn(site)) {
      const [, id] = COPY.exec(name) ?? [];
      if (id !== undefined) ids.add(id);
    }
  if (ids.size > 0) return [...ids].sort();
  throw new StationError('envelope_missing', 'No site has a wrapped key of the platform signer.');
}

function openCopy(blob: Buffer, keyId: string, source: PlatformSource, network: string) {
  const kind = source.kind;
  const { context } = readEnvelope(blob, kind);
  const expected: EnvelopeContext = {
    keyId,
    // Each of the two signers has sites of its own.
    role: context.role === 'platform_b' ? 'platform_b' : 'platform',
    network,
    fingerprint: context.fingerprint,
  };
  const entropy =
    kind === 'nested'
      ? openEnvelope(blob, expected, source.masters)
      : openForDisaster(blob, expected, source.key);
  return { entropy, context: expected };
}

/** The first copy that opens; a damaged one at a site is what the others are for. */
async function openAtAnySite(
  { sites, network }: PlatformRewrap,
  keyId: string,
  source: PlatformSource,
): Promise<{ readonly entropy: Buffer; readonly context: EnvelopeContext }> {
  const name = `platform-${keyId}.${source.kind === 'nested' ? 'envelope' : 'disaster'}`;
  const faults: string[] = [];
  for (const site of sites) {
    try {
      const blob = await readRegularFile(join(site, name), { maxBytes: MAX_ENVELOPE_BYTES });
      return openCopy(blob, keyId, source, network);
    } catch (thrown) {
      if (!(thrown instanceof KeyringError)) throw thrown;
      faults.push(`${join(site, name)}: ${thrown.code}`);
    }
  }
  throw new StationError('backup_damaged', `No site has a sound ${name}. ${faults.join('; ')}`);
}

async function prepare(plan: PlatformRewrap, keyId: string, source: PlatformSource): Promise<void> {
  const { entropy, context } = await openAtAnySite(plan, keyId, source);
  try {
    const accountKey = accountKeyOf(entropy, plan.network);
    accountKey.erase();
    if (keyIdOf(accountKey.xpub.text) !== keyId) {
      throw new StationError(
        'seed_does_not_fit',
        'What the envelope holds is not the key that it is named after.',
      );
    }
    const { masters, disaster } = plan.target;
    const base = join(plan.work, `platform-${keyId}`);
    // The nested one is written last, so with it all of the key is there.
    if (disaster !== null)
      await writeIfMissing(`${base}.disaster`, sealForDisaster(entropy, context, disaster));
    await writeIfMissing(`${base}.envelope`, sealEnvelope(entropy, context, masters));
  } finally {
    entropy.fill(0);
  }
}

async function writeIfMissing(path: string, bytes: Buffer): Promise<void> {
  try {
    await writeNewFile(path, bytes);
  } catch (thrown) {
    if (!(thrown instanceof KeyringError) || thrown.code !== 'file_exists') throw thrown;
  }
}

/** @throws StationError `rewrap_unfinished` when another rewrap waits in the same place. */
async function beginOrResume({ work, target }: PlatformRewrap): Promise<void> {
  const { masters, disaster } = target;
  const wanted = {
    inner: masters.inner.fingerprint,
    outer: masters.outer.fingerprint,
    disaster: disaster?.fingerprint ?? null,
  };
  const begun = await readDocumentIfThere(join(work, TARGET));
  if (begun === undefined) {
    await makeDirectory(work);
    await writeDocument(join(work, TARGET), wanted);
  } else if (JSON.stringify(begun) !== JSON.stringify(wanted)) {
    throw new StationError(
      'rewrap_unfinished',
      'A rewrap to other masters was begun: finish that one first.',
    );
  }
}

/**
 * Wraps every platform key anew, for other masters, out of its wrapped copies: offline, without the signer. Nothing is
 * unwrapped to a disk; until all new envelopes are prepared the old ones are in place; killed, it goes on.
 * @returns how many keys. @throws StationError `envelope_missing`, `backup_damaged`, `rewrap_unfinished`,
 * `seed_does_not_fit`, `disaster_key_not_apart`; KeyringError `sites_too_few`, `masters_not_distinct`, `file_…`.
 */
export async function rewrapPlatformKeys(plan: PlatformRewrap): Promise<number> {
  requireTarget(plan.target, plan.network);
  const sites = await resolveSites(plan.sites);
  const ids = await keyIdsAt(sites);
  await beginOrResume(plan);
  const prepared = new Set(await namesIn(plan.work));
  let source: PlatformSource | undefined;
  for (const [position, id] of ids.entries()) {
    if (!prepared.has(`platform-${id}.envelope`)) {
      source ??= await plan.openSource();
      await prepare({ ...plan, sites }, id, source);
    }
    plan.onKey?.(position + 1, ids.length);
  }
  const names = (await namesIn(plan.work)).filter((name) => COPY.test(name));
  await putInPlace(plan.work, sites, names);
  // At once: half a folder would look like a rewrap to be resumed.
  const finished = join(dirname(plan.work), '.platform-rewrap-finished');
  await rm(finished, { recursive: true, force: true });
  await rename(plan.work, finished);
  await rm(finished, { recursive: true });
  return ids.length;
}

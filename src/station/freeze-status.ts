import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  freezeStatusDigest,
  hex,
  samePublicKey,
  stopsOf,
  verifyFreezeStatus,
  type FreezeStatus,
  type Manifest,
  type PublicKey,
  type SigningBundle,
  type VerifiedBundle,
} from '../intents/index.ts';
import { replaceFile } from '../keyring/index.ts';
import { canonicalJson } from '../shared/index.ts';
import { documentBytes, makeDirectory, namesIn, readDocument, readDocumentIfThere } from './documents.ts';
import { StationError } from './errors.ts';
import { manifestInForce } from './manifests.ts';
import type { Station } from './station.ts';
import type { PinnedWallet } from './wallets.ts';

/** What is to be signed. */
interface Checked {
  readonly bundle: SigningBundle;
  readonly wallet: PinnedWallet;
  readonly verified: VerifiedBundle;
}

const MAX_AGE_MS = 24 * 3_600_000;
/** The clocks of an offline machine and of a signer drift apart. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

const folderOf = (station: Station): string => join(station.directory, 'freeze-status');

function fileOf(station: Station, signer: PublicKey): string {
  const name = createHash('sha256').update(canonicalJson(signer)).digest('hex').slice(0, 16);
  return join(folderOf(station), `${name}.json`);
}

/**
 * Takes a signer's newest freeze status; the same again is fine. @throws StationError `freeze_status_rolled_back`;
 * IntentError `freeze_status_…`, `signature_…`.
 */
export async function loadFreezeStatus(
  station: Station,
  document: unknown,
): Promise<FreezeStatus['statement']> {
  const manifest = await manifestInForce(station);
  const { statement, attestedBy, signature } = await verifyFreezeStatus(document, manifest);
  const path = fileOf(station, attestedBy);
  const before = await readDocumentIfThere(path);
  if (before !== undefined) {
    const { statement: seen } = await verifyFreezeStatus(before, manifest);
    const isSame = hex(freezeStatusDigest(seen)) === hex(freezeStatusDigest(statement));
    if (isSame) return statement;
    if (statement.number <= seen.number) {
      throw new StationError(
        'freeze_status_rolled_back',
        `This freeze status has number ${statement.number}, and number ${seen.number} was seen here already.`,
        { details: { number: statement.number, seen: seen.number } },
      );
    }
  }
  await makeDirectory(folderOf(station));
  await replaceFile(path, documentBytes({ statement, attestedBy, signature }));
  return statement;
}

async function newestStatuses(station: Station, manifest: Manifest): Promise<readonly FreezeStatus[]> {
  const found: FreezeStatus[] = [];
  for (const name of await namesIn(folderOf(station))) {
    // The disk is not trusted: a signer of the manifest signed what stands there.
    found.push(await verifyFreezeStatus(await readDocument(join(folderOf(station), name)), manifest));
  }
  return found;
}

/** The signers that have a key of the wallet; any of the manifest where none of them is in it any more. */
function signersOf({ wallet }: Checked, manifest: Manifest): readonly PublicKey[] {
  const trusted = manifest.attestationKeys.platform;
  const own = wallet.registration.keys
    .filter(({ statement }) => statement.role === 'platform')
    .map(({ attestedBy }) => attestedBy);
  const named = trusted.filter((key) => own.some((one) => samePublicKey(one, key)));
  return named.length > 0 ? named : trusted;
}

function requireFresh(statuses: readonly FreezeStatus[], signer: PublicKey, nowMs: number): void {
  const status = statuses.find(({ attestedBy }) => samePublicKey(attestedBy, signer));
  if (status === undefined) {
    throw new StationError(
      'freeze_status_missing',
      'No freeze status of the signer was brought here: nobody knows whose accounts are frozen.',
    );
  }
  const { number, issuedAt } = status.statement;
  const ageMs = nowMs - Date.parse(issuedAt);
  if (ageMs >= -CLOCK_TOLERANCE_MS && ageMs < MAX_AGE_MS) return;
  throw new StationError(
    'freeze_status_stale',
    `The newest freeze status is number ${number} of ${issuedAt}, not of the last 24 hours: bring a newer one.`,
    { details: { number, issuedAt } },
  );
}

/** Of a bundle, and of its fee variants. */
export function txidsOf(verified: VerifiedBundle): readonly string[] {
  return [verified, ...verified.variants].map(({ explanation }) => explanation.txid);
}

function requireUntouched(
  { bundle, verified }: Checked,
  { breaker, restricted, givenUp }: FreezeStatus['statement'],
): void {
  for (const { intent } of bundle.intents) {
    const stops = stopsOf(intent);
    if (stops.breaker && breaker !== null) {
      throw new StationError('breaker_tripped', 'The circuit breaker has tripped: nothing is signed.', {
        details: { breaker },
      });
    }
    const customer = stops.customers.find((one) => restricted.includes(one));
    if (customer === undefined) continue;
    throw new StationError('account_restricted', `The account of ${customer} is frozen.`, {
      details: { customer, intent: intent.id },
    });
  }
  const given = [
    ...verified.intents.filter(({ hash }) => givenUp.intents.includes(hash)).map(({ intent }) => intent.id),
    ...txidsOf(verified).filter((txid) => givenUp.transactions.includes(txid)),
  ];
  if (given.length === 0) return;
  throw new StationError('given_up', 'The signer has given this up and would never complete it.', {
    details: { given },
  });
}

/**
 * What the signer refuses, the station refuses too, by the newest status that it has seen. @throws StationError
 * `freeze_status_missing`, `freeze_status_stale`, `breaker_tripped`, `account_restricted`, `given_up`.
 */
export async function requireUnfrozen(station: Station, checked: Checked, nowMs: number): Promise<void> {
  const manifest = await manifestInForce(station);
  const statuses = await newestStatuses(station, manifest);
  for (const signer of signersOf(checked, manifest)) requireFresh(statuses, signer, nowMs);
  for (const { statement } of statuses) requireUntouched(checked, statement);
}

import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  certificatePem,
  encodeOfficerKey,
  fingerprintWords,
  issueCertificate,
  issueRoot,
  openOfficerKey,
  readRegularFile,
  requireCurrent,
  requireOfficerPassphrase,
  splitKey,
  writeNewFile,
  type MasterPrivateKey,
  type OfficerCertificate,
  type OfficerKey,
} from '../keyring/index.ts';
import { isoTime } from '../shared/index.ts';
import type { CeremonyPlan } from './ceremony-plan.ts';
import { keyOfShares, sealShare, type ShareHead } from './disaster-share.ts';
import { makeDirectory, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import { signHoldings, type HoldingsStatement } from './holdings.ts';

/** What a ceremony asks of the room; a terminal, or prepared answers. */
export interface CeremonyDesk {
  readonly say: (lines: readonly string[]) => void;
  /** The new passphrase of a person's file; zeroed after use. */
  readonly newPassphrase: (person: string, file: string) => Promise<Buffer>;
  /** Both have read the words of a fingerprint aloud. */
  readonly compareWords: (what: string, words: string) => Promise<void>;
  /** A fresh RSA-4096 key. */
  readonly makeKey: () => Promise<MasterPrivateKey>;
}

interface Room {
  readonly folder: string;
  readonly plan: CeremonyPlan;
  readonly desk: CeremonyDesk;
  readonly nowMs: number;
}

const MAX_BYTES = 64 * 1024;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function writeChecked(path: string, bytes: Buffer): Promise<string> {
  await writeNewFile(path, bytes);
  if (!(await readRegularFile(path, { maxBytes: MAX_BYTES })).equals(bytes)) {
    throw new StationError('ceremony_refused', `${path}: What was written is not what is there now.`);
  }
  return sha256(bytes);
}

async function withNewPassphrase<T>(
  { desk, plan }: Room,
  person: string,
  file: string,
  work: (passphrase: Buffer) => Promise<T>,
): Promise<T> {
  const passphrase = await desk.newPassphrase(person, file);
  try {
    requireOfficerPassphrase(passphrase, [person, plan.institution]);
    return await work(passphrase);
  } finally {
    passphrase.fill(0);
  }
}

/** Writes a person's PKCS#12 and opens it again from the disk, with the passphrase as it was typed. */
async function handOver(room: Room, file: string, officer: OfficerKey): Promise<string> {
  const { person } = officer.certificate;
  return withNewPassphrase(room, person, file, async (passphrase) => {
    const hash = await writeChecked(join(room.folder, file), encodeOfficerKey(officer, passphrase));
    const bytes = await readRegularFile(join(room.folder, file), { maxBytes: MAX_BYTES });
    openOfficerKey(bytes, passphrase);
    return hash;
  });
}

async function publish(room: Room, name: string, certificate: OfficerCertificate): Promise<void> {
  const pem = certificate.publicKey.key.export({ format: 'pem', type: 'spki' }).toString();
  await writeChecked(
    join(room.folder, 'public', `${name}.crt.pem`),
    Buffer.from(certificatePem(certificate)),
  );
  await writeChecked(join(room.folder, 'public', `${name}.pub.pem`), Buffer.from(pem));
  const { person, role, publicKey, notAfterMs } = certificate;
  room.desk.say([`${person} holds ${role} until ${isoTime(notAfterMs)}.`, `  key ${publicKey.fingerprint}`]);
  await room.desk.compareWords(`${name} of ${person}`, fingerprintWords(publicKey.fingerprint));
}

async function makeRoot(
  room: Room,
): Promise<{ readonly certificate: OfficerCertificate; readonly key: MasterPrivateKey }> {
  const { plan, desk, nowMs } = room;
  if (plan.rootKeeper === null) {
    throw new StationError(
      'ceremony_refused',
      'Give the file of the root’s key, or name who is to keep a new one.',
    );
  }
  desk.say(['', `Step: the institution’s root, kept by ${plan.rootKeeper}.`]);
  const key = await desk.makeKey();
  const wishes = {
    institution: plan.institution,
    person: `${plan.institution} root`,
    nowMs,
    days: plan.rootDays,
  };
  const certificate = issueRoot(wishes, key);
  await withNewPassphrase(room, plan.rootKeeper, 'root.p12', async (passphrase) => {
    const file = encodeOfficerKey({ key, certificate, root: null }, passphrase);
    await writeChecked(join(room.folder, 'private', 'root.p12'), file);
    openOfficerKey(file, passphrase);
  });
  await publish(room, 'root', certificate);
  return { certificate, key };
}

async function makeOfficers(
  room: Room,
  root: { readonly certificate: OfficerCertificate; readonly key: MasterPrivateKey },
): Promise<HoldingsStatement['officers']> {
  const { plan, desk, nowMs } = room;
  const held: HoldingsStatement['officers'] = [];
  for (const { person, role } of plan.officers) {
    desk.say(['', `Step: ${role}, for ${person}.`]);
    const alike = held.filter((other) => other.role === role).length;
    const name = alike === 0 ? role : `${role}-${alike + 1}`;
    const key = await desk.makeKey();
    const certificate = issueCertificate({ person, role, nowMs, days: plan.officerDays }, key, root);
    const file = join('private', `${name}.p12`);
    const fileHash = await handOver(room, file, { key, certificate, root: root.certificate });
    await publish(room, name, certificate);
    held.push({
      person,
      role,
      certificate: certificate.fingerprint,
      key: key.fingerprint,
      expiresAt: isoTime(certificate.notAfterMs),
      file: basename(file),
      fileHash,
    });
  }
  return held;
}

/** Opens enough shares again, so that what the officers take along is known to work. */
async function proveShares(
  key: MasterPrivateKey,
  heads: readonly ShareHead[],
  shares: readonly Buffer[],
): Promise<void> {
  const { threshold } = heads[0] ?? { threshold: 0 };
  for (let first = 0; first < shares.length; first++) {
    const chosen = Array.from({ length: threshold }, (_, step) => (first + step) % shares.length);
    const opened = chosen.flatMap((at) => {
      const [head, share] = [heads[at], shares[at]];
      return head === undefined || share === undefined ? [] : [{ head, share }];
    });
    await keyOfShares(opened, key.fingerprint);
  }
}

/** The disaster key: made, split and forgotten. Its private half is in no file, only in the shares. */
async function makeDisasterKey(room: Room): Promise<HoldingsStatement['disaster']> {
  const { plan, desk } = room;
  if (plan.disaster === null) return null;
  const { threshold, holders } = plan.disaster;
  desk.say(['', `Step: the disaster key; any ${threshold} of ${holders.length} shares open it.`]);
  const key = await desk.makeKey();
  const shares = await splitKey(key, threshold, holders.length);
  try {
    const heads = holders.map((holder, at) => ({
      purpose: 'share of the disaster key' as const,
      version: 1 as const,
      institution: plan.institution,
      network: plan.network,
      key: key.fingerprint,
      threshold,
      number: at + 1,
      of: holders.length,
      holder,
    }));
    await proveShares(key, heads, shares);
    const held: NonNullable<HoldingsStatement['disaster']>['holders'] = [];
    for (const [at, head] of heads.entries()) {
      const file = join('private', `disaster-share-${head.number}.json`);
      const fileHash = await withNewPassphrase(room, head.holder, file, async (passphrase) => {
        const share = sealShare(head, shares[at] ?? Buffer.alloc(0), passphrase);
        return writeChecked(join(room.folder, file), Buffer.from(`${JSON.stringify(share, null, 2)}\n`));
      });
      held.push({ person: head.holder, number: head.number, file: basename(file), fileHash });
    }
    const pem = key.key.export({ format: 'pem', type: 'spki' }).toString();
    await writeChecked(join(room.folder, 'public', 'disaster.pub.pem'), Buffer.from(pem));
    await desk.compareWords('the disaster key', fingerprintWords(key.fingerprint));
    return { key: key.fingerprint, threshold, holders: held };
  } finally {
    for (const share of shares) share.fill(0);
  }
}

async function hold(room: Room, given: OfficerKey | null): Promise<HoldingsStatement> {
  const { folder, plan, nowMs } = room;
  for (const name of ['public', 'private']) await makeDirectory(join(folder, name));
  if (given !== null && given.certificate.role !== 'root')
    throw new StationError('ceremony_refused', 'The file given as the root’s is not.');
  if (given !== null) {
    requireCurrent(given.certificate, nowMs);
    if (given.certificate.institution !== plan.institution)
      throw new StationError('ceremony_refused', 'The root is of another institution.');
    await publish(room, 'root', given.certificate);
  }
  const root = given ?? (await makeRoot(room));
  const { fingerprint, notAfterMs } = root.certificate;
  const statement: HoldingsStatement = {
    purpose: 'who holds what',
    version: 1,
    institution: plan.institution,
    network: plan.network,
    heldAt: isoTime(nowMs),
    root: {
      keeper: plan.rootKeeper ?? 'as before',
      certificate: fingerprint,
      expiresAt: isoTime(notAfterMs),
    },
    officers: await makeOfficers(room, root),
    disaster: await makeDisasterKey(room),
  };
  await writeDocument(join(folder, 'public', 'holdings.json'), signHoldings(statement, root.key));
  return statement;
}

/**
 * Holds a key ceremony (keys/README.md): institution root, officers' certificates and PKCS#12 files, the shares of
 * the disaster key, and the signed list of who holds what. `directory` appears when all of it is done, or not at all:
 * `public/` for everybody, `private/` to be divided among the people named.
 * @param root the file of an existing root, to add officers under it; null makes a new one.
 * @throws StationError `ceremony_refused`, `station_exists`; KeyringError `passphrase_weak`, `certificate_…`, `file_…`.
 */
export async function holdCeremony(
  directory: string,
  plan: CeremonyPlan,
  desk: CeremonyDesk,
  { nowMs, root = null }: { readonly nowMs: number; readonly root?: OfficerKey | null },
): Promise<HoldingsStatement> {
  const folder = await mkdtemp(join(dirname(directory), `.${basename(directory)}.`));
  try {
    const statement = await hold({ folder, plan, desk, nowMs }, root);
    await rename(folder, directory);
    return statement;
  } catch (thrown) {
    await rm(folder, { recursive: true, force: true });
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') throw thrown;
    throw new StationError('station_exists', `${directory}: There is something already.`, {
      details: { directory },
    });
  }
}

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
  type MasterPrivateKey,
  type OfficerCertificate,
  type OfficerKey,
} from '../keyring/index.ts';
import { isoTime } from '../shared/index.ts';
import type { CeremonyPlan } from './ceremony-plan.ts';
import { MAX_BYTES, withNewPassphrase, writeChecked, type CeremonyDesk, type Room } from './ceremony-room.ts';
import { makeDirectory, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import { makeDisasterKey } from './make-disaster-key.ts';
import { signHoldings, type HoldingsStatement } from './holdings.ts';

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

import { createPublicKey } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../../database/index.ts';
import { createKeyedHash } from '../../http/index.ts';
import { createStaff, type StaffParts } from '../../identity/index.ts';
import {
  manifestHash,
  type KeyAttestation,
  type PublicKey,
  type SignerRole,
  type SignedManifest,
} from '../../intents/index.ts';
import { openMasterKey } from '../../keyring/index.ts';
import type { PostgresConfig } from '../../postgres/index.ts';
import { idFromUuid, systemClock, type StaffId } from '../../shared/index.ts';
import { signerAttestationKey } from '../../signer/index.ts';
import {
  draftManifest,
  generateKeys,
  initStation,
  loadManifest,
  signManifest,
  unlockStation,
  writeDocument,
  type Station,
} from '../../station/index.ts';
import { keptSecret, type DataDirectory } from './data-directory.ts';
import { DEMO_KEYS, DEMO_PASSPHRASE } from './demo-keys.ts';

/** Enough wallets for a sandbox; more are made with `trilock station generate`. */
const POOL_KEYS = 24;
const MANIFEST_DAYS = 365;
const PEOPLE = [1, 2, 3] as const;

/** The trust that a sandbox begins with: made once, by demo keys that everybody has. */
export interface Institution {
  readonly firstManifestHash: string;
  readonly approvers: readonly { readonly id: StaffId; readonly email: string; readonly keyFile: string }[];
}

/** Where the parts of the institution lie. */
export interface InstitutionPlaces {
  readonly root: string;
  readonly manifests: string;
  readonly coldStation: string;
  readonly backupStation: string;
  readonly coldPool: string;
  readonly backupPool: string;
}

/** @param dataRoot the sandbox's data directory. */
export function institutionPlaces(dataRoot: string): InstitutionPlaces {
  const root = join(dataRoot, 'institution');
  return {
    root,
    manifests: join(root, 'manifests'),
    coldStation: join(root, 'cold-station'),
    backupStation: join(root, 'backup-station'),
    coldPool: join(root, 'cold-pool.json'),
    backupPool: join(root, 'backup-pool.json'),
  };
}

/** Written last: without it the institution is not finished. */
const FINISHED = 'institution.json';

/** @throws NodeJS.ErrnoException `ENOENT` before it was made. */
export async function readInstitution(places: InstitutionPlaces): Promise<Institution> {
  return JSON.parse(await readFile(join(places.root, FINISHED), 'utf8')) as Institution;
}

async function publicKeyIn(name: string): Promise<PublicKey> {
  const pem = await readFile(join(DEMO_KEYS, `DEMO-${name}.pub.pem`), 'utf8');
  const spki = createPublicKey(pem).export({ format: 'der', type: 'spki' }).toString('base64url');
  return { algorithm: 'rsa-pss-sha256', spki };
}

async function makeStation(
  role: 'cold' | 'backup',
  directory: string,
  root: string,
): Promise<{ readonly station: Station; readonly keys: readonly KeyAttestation[] }> {
  const sites = [join(root, `${role}-site-1`), join(root, `${role}-site-2`)];
  for (const site of sites) await mkdir(site, { recursive: true });
  const master = (holder: string): Promise<string> =>
    readFile(join(DEMO_KEYS, `DEMO-${role}-master-${holder}.pub.pem`), 'utf8');
  const passphrase = Buffer.from(DEMO_PASSPHRASE);
  const station = await initStation(directory, {
    role,
    name: `sandbox ${role} station`,
    network: 'regtest',
    masters: { inner: await master('a'), outer: await master('b') },
    sites,
    passphrase,
  });
  const attestationKey = await unlockStation(station, passphrase);
  return { station, keys: await generateKeys(station, { pool: 'first', count: POOL_KEYS, attestationKey }) };
}

/** What the sandbox's people are called, and what they may do in the application. */
const STAFF = {
  approver: { name: 'Approver', roles: ['compliance'] },
  officer: { name: 'Officer', roles: ['officer'] },
} as const;

async function makeStaff(
  parts: StaffParts,
  who: keyof typeof STAFF,
  number: number,
  password: string,
): Promise<Institution['approvers'][number]> {
  const email = `${who}-${number}@sandbox.example`;
  const keyFile = join(DEMO_KEYS, `DEMO-${who}-${number}.pem`);
  // A sandbox that was killed while it was set up has made some of them already.
  const known = await parts.database.staff.findUnique({ where: { email } });
  if (known !== null) return { id: idFromUuid('staff', known.id), email, keyFile };
  const { name, roles } = STAFF[who];
  const staff = { email, displayName: `${name} ${number}`, roles: [...roles], password };
  return { id: await createStaff(parts, staff), email, keyFile };
}

async function firstManifest(
  approvers: Institution['approvers'],
  officerAccounts: Institution['approvers'],
  attestationKeys: Record<'cold' | 'backup' | SignerRole, PublicKey>,
): Promise<SignedManifest> {
  const officers = await Promise.all(
    officerAccounts.map(async ({ id }, index) => ({
      id,
      person: `Officer ${index + 1}`,
      key: await publicKeyIn(`officer-${index + 1}`),
    })),
  );
  const content = {
    officers,
    officerQuorum: 2,
    approvers: await Promise.all(
      approvers.map(async ({ id }, index) => ({
        id,
        person: `Approver ${index + 1}`,
        role: 'compliance' as const,
        key: await publicKeyIn(`approver-${index + 1}`),
      })),
    ),
    controlRules: [
      {
        kinds: [
          'release' as const,
          'deposit_release' as const,
          'policy_change' as const,
          'deep_freeze' as const,
          'legal_hold_lift' as const,
          'breaker_reset' as const,
          'treasury_move' as const,
          'staff_change' as const,
          'webhook_change' as const,
          'limit_raise' as const,
          'key_rotation' as const,
        ],
        approvals: 1,
        roles: ['compliance' as const],
        localApprovals: 0,
      },
    ],
    quorumRules: [
      { upToSatoshis: '100000000', approvals: 1, roles: ['compliance' as const], localApprovals: 0 },
      { upToSatoshis: '10000000000', approvals: 2, roles: ['compliance' as const], localApprovals: 1 },
    ],
    limits: {
      maxWithdrawalSatoshis: '10000000000',
      maxDailySatoshis: '100000000000',
      maxFeeSatoshis: '10000000',
      travelRuleAboveSatoshis: '100000000',
      maxFeeRateSatsPerKvb: '1000000',
    },
    attestationKeys: {
      cold: [attestationKeys.cold],
      backup: [attestationKeys.backup],
      platform: [attestationKeys.platform],
      platform_b: [attestationKeys.platform_b],
    },
  };
  const nowMs = systemClock.nowMs();
  let draft = draftManifest({ content, network: 'regtest', previous: null, nowMs, days: MANIFEST_DAYS });
  for (const number of PEOPLE.slice(0, 2)) {
    const pem = await readFile(join(DEMO_KEYS, `DEMO-officer-${number}.pem`), 'utf8');
    const key = openMasterKey(pem, Buffer.from(DEMO_PASSPHRASE));
    draft = signManifest(draft, officers[number - 1]?.id ?? '', key, draft.manifest);
  }
  return draft;
}

/**
 * The institution of a sandbox: two stations with their pools, three officers, three approvers, and the manifest
 * that names them. Made at the first start and kept; what a killed start left half made is made anew.
 */
export async function ensureInstitution(directory: DataDirectory, app: PostgresConfig): Promise<Institution> {
  const places = institutionPlaces(directory.root);
  try {
    return await readInstitution(places);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  await rm(places.root, { recursive: true, force: true });
  await mkdir(places.manifests, { recursive: true, mode: 0o700 });
  const cold = await makeStation('cold', places.coldStation, places.root);
  const backup = await makeStation('backup', places.backupStation, places.root);
  await writeDocument(places.coldPool, cold.keys);
  await writeDocument(places.backupPool, backup.keys);
  const database = openDatabase(app);
  try {
    const password = await keptSecret(directory, 'staff-password');
    const seals = createKeyedHash([Buffer.from(await keptSecret(directory, 'webhook-secret'), 'hex')]);
    const staffParts = { database, clock: systemClock, seals };
    const make = (who: keyof typeof STAFF) =>
      Promise.all(PEOPLE.map((number) => makeStaff(staffParts, who, number, password)));
    const approvers = await make('approver');
    const signed = await firstManifest(approvers, await make('officer'), {
      cold: cold.station.attestationKey,
      backup: backup.station.attestationKey,
      platform: await signerAttestationKey(directory.signer),
      platform_b: await signerAttestationKey(directory.second.signer),
    });
    const firstManifestHash = manifestHash(signed.manifest);
    for (const { station } of [cold, backup]) await loadManifest(station, signed, firstManifestHash);
    await writeFile(join(places.manifests, 'manifest-1.json'), JSON.stringify(signed));
    const institution = { firstManifestHash, approvers };
    await writeFile(join(places.root, FINISHED), JSON.stringify(institution, null, 2), { mode: 0o600 });
    return institution;
  } finally {
    await database.$disconnect();
  }
}

import { join } from 'node:path';
import {
  fingerprintWords,
  parseMasterPublicKey,
  readCertificate,
  readRegularFile,
  requireIssuedBy,
  type OfficerCertificate,
} from '../keyring/index.ts';
import { namesIn, readDocument } from './documents.ts';
import { StationError } from './errors.ts';
import { verifyHoldings, type HoldingsStatement } from './holdings.ts';

const MAX_BYTES = 64 * 1024;

/** The public half of a ceremony, every signature of it checked. */
export interface CheckedCeremony {
  readonly root: OfficerCertificate;
  readonly certificates: readonly OfficerCertificate[];
  readonly statement: HoldingsStatement;
  /** What everybody compares aloud: a line for each key. */
  readonly lines: readonly string[];
}

async function text(path: string): Promise<string> {
  return (await readRegularFile(path, { maxBytes: MAX_BYTES })).toString('utf8');
}

function differs(what: string): StationError {
  return new StationError('ceremony_refused', `${what} is not what the signed list says.`);
}

/**
 * What an auditor does with `public/`: the root signs itself, it issued every certificate, it signed the list, and
 * list and certificates say the same.
 * @throws StationError `ceremony_refused`, `document_malformed`; KeyringError `certificate_…`, `file_…`; IntentError.
 */
export async function checkCeremony(folder: string): Promise<CheckedCeremony> {
  const root = readCertificate(await text(join(folder, 'root.crt.pem')));
  requireIssuedBy(root, root);
  const statement = await verifyHoldings(await readDocument(join(folder, 'holdings.json')), root);
  if (statement.root.certificate !== root.fingerprint) throw differs('The root');
  const certificates: OfficerCertificate[] = [];
  for (const name of await namesIn(folder)) {
    if (!name.endsWith('.crt.pem') || name === 'root.crt.pem') continue;
    const certificate = readCertificate(await text(join(folder, name)));
    requireIssuedBy(certificate, root);
    certificates.push(certificate);
    const { person, role, fingerprint, publicKey } = certificate;
    const listed = statement.officers.find((officer) => officer.certificate === fingerprint);
    if (listed?.person !== person || listed.role !== role || listed.key !== publicKey.fingerprint)
      throw differs(name);
  }
  if (certificates.length !== statement.officers.length) throw differs('The number of certificates');
  const { disaster } = statement;
  if (disaster !== null) {
    const key = parseMasterPublicKey(await text(join(folder, 'disaster.pub.pem')));
    if (key.fingerprint !== disaster.key) throw differs('The disaster key');
  }
  return { root, certificates, statement, lines: linesOf(root, statement) };
}

function linesOf(root: OfficerCertificate, statement: HoldingsStatement): string[] {
  const { officers, disaster } = statement;
  return [
    `${statement.institution}, ${statement.network}, ${statement.heldAt}`,
    `root, kept by ${statement.root.keeper}, until ${statement.root.expiresAt}`,
    `  ${fingerprintWords(root.publicKey.fingerprint)}`,
    ...officers.flatMap(({ person, role, expiresAt, key, file }) => [
      `${role}: ${person}, until ${expiresAt}, file ${file}`,
      `  ${fingerprintWords(key)}`,
    ]),
    ...(disaster === null
      ? []
      : [
          `disaster key: any ${disaster.threshold} of ${disaster.holders.map(({ person }) => person).join(', ')}`,
          `  ${fingerprintWords(disaster.key)}`,
        ]),
  ];
}

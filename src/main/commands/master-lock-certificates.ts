import type { Command } from 'commander';
import { z } from 'zod';
import { base64Url, followManifests, networkName, parseSignedManifest } from '../../intents/index.ts';
import {
  certifyMasterLock,
  lockOfCertificate,
  openMasterLock,
  verifyLockCertificate,
} from '../../keyring/browser/index.ts';
import { writeNewFile } from '../../keyring/index.ts';
import { SharedError } from '../../shared/index.ts';
import { readDocument } from '../../station/index.ts';
import { withPassphrase } from '../terminal/key-files.ts';
import { readLockFile } from '../terminal/lock-files.ts';

/** What of the API's answer counts here: the certificates, which prove themselves. */
const answerSchema = z.object({
  certificates: z.object({ signing: base64Url, decryption: base64Url, issuer: base64Url }),
});

interface CertifyOptions {
  readonly lock: string;
  readonly passphraseFile?: string;
  readonly registered: string;
  readonly customer: string;
  readonly manifest: string[];
  readonly firstHash: string;
  readonly out: string;
}

/** Ed25519, raw: the signers of the manifest in force, who issue certificates. */
async function issuersOf({ manifest: files, firstHash }: CertifyOptions, network: string): Promise<Buffer[]> {
  const signed = [];
  for (const path of files) signed.push(parseSignedManifest(await readDocument(path)));
  const manifests = await followManifests(firstHash, signed, networkName.parse(network));
  const platform = manifests.at(-1)?.attestationKeys.platform ?? [];
  return platform.flatMap((key) => (key.algorithm === 'ed25519' ? [Buffer.from(key.raw, 'base64url')] : []));
}

async function certify(options: CertifyOptions): Promise<void> {
  const answer = answerSchema.safeParse(await readDocument(options.registered));
  if (!answer.success) {
    throw new SharedError('config_invalid', `${options.registered} holds no certificates yet.`);
  }
  const der = (text: string): Buffer => Buffer.from(text, 'base64url');
  const { signing, decryption, issuer } = answer.data.certificates;
  const certificates = { signing: der(signing), decryption: der(decryption), issuer: der(issuer) };
  const named = lockOfCertificate(certificates.signing);
  if (named.customer !== options.customer) {
    throw new SharedError('config_invalid', `The certificates are for ${named.customer}.`);
  }
  const issuers = await issuersOf(options, named.network);
  const bytes = await readLockFile(options.lock);
  const certified = await withPassphrase(
    'your master lock',
    { file: options.passphraseFile },
    async (passphrase) => {
      const lock = await openMasterLock(bytes, passphrase);
      for (const use of ['signing', 'decryption'] as const) {
        await verifyLockCertificate(certificates[use], { ...named, use, spki: lock[use] }, issuers);
      }
      return certifyMasterLock(bytes, passphrase, certificates);
    },
  );
  await writeNewFile(options.out, certified);
  process.stdout.write(`${named.lock} with its certificates is in ${options.out}.\n`);
}

/** Putting the institution's certificates into the file. */
export function registerLockCertificates(group: Command): void {
  group
    .command('certify')
    .description('check the certificates by the officers’ manifest and put them into the file')
    .requiredOption('--lock <file>', 'the lock')
    .requiredOption('--registered <file>', 'what `trilock client locks show --json` said')
    .requiredOption('--customer <id>', 'your id, cus_…')
    .requiredOption('--manifest <file...>', 'the institution’s manifests from number 1 on, in order')
    .requiredOption('--first-hash <hash>', 'hash of manifest 1, as the institution published it')
    .requiredOption('--out <file>', 'where the file with the certificates goes')
    .option('--passphrase-file <file>', 'instead of asking')
    .action(certify);
}

import type { Command } from 'commander';
import { returnedKeySchema, signedManifestSchema, signerResumeSchema } from '../../intents/index.ts';
import { SharedError } from '../../shared/index.ts';
import { signerClient, type SignerClient } from '../../signer/index.ts';
import { readDocument } from '../../station/index.ts';
import { endpointTarget } from '../lifecycle/endpoint.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';

function client(): SignerClient {
  return signerClient(endpointTarget(loadSettings('signer-admin', process.env).TRILOCK_SIGNER_SOCKET));
}

function print(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

interface Schema<T> {
  readonly parse: (value: unknown) => T;
}

async function document<T>(file: string, schema: Schema<T>, what: string): Promise<T> {
  const read = await readDocument(file);
  try {
    return schema.parse(read);
  } catch (cause) {
    throw new SharedError('config_invalid', `${file} is not ${what}.`, { cause });
  }
}

function wholeNumber(text: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new SharedError('config_invalid', 'A position is a whole number.');
}

/** `trilock signer-admin …`, on the signer's host. */
export function registerSignerAdmin(trilock: Command): void {
  const admin = trilock
    .command('signer-admin')
    .description('look after the platform signer')
    .addHelpText('after', settingsHelp('signer-admin'));
  admin
    .command('status')
    .description('manifest, seal, witness, counters; status 1 while it is sealed')
    .action(async () => {
      const status = await client().status({});
      print(status);
      if (status.sealed !== null) process.exitCode = 1;
    });
  admin
    .command('alerts')
    .description('what it refused, signed, revoked and pinned, oldest first')
    .option('--after <position>', 'only what came later', '0')
    .action(async ({ after }: { after: string }) => {
      print((await client().alerts({ after: wholeNumber(after), limit: 500 })).alerts);
    });
  admin
    .command('load-manifest <file>')
    .description('put the next manifest in force, signed by the officers of the one before')
    .action(async (file: string) => {
      const signedManifest = await document(file, signedManifestSchema, 'a signed manifest');
      print(await client().loadManifest({ signedManifest }));
    });
  admin
    .command('seal <reason>')
    .description('stop all signing until officers resume it')
    .action(async (reason: string) => {
      await client().seal({ reason });
    });
  admin
    .command('transport-key <restriction>')
    .description(
      'ask officers for the platform keys of a deep freeze that is being lifted; a file for the station',
    )
    .action(async (restriction: string) => {
      print((await client().transportKey({ restriction })).transport);
    });
  admin
    .command('return-key <files...>')
    .description('take platform keys back that the station has sealed to this signer')
    .action(async (files: readonly string[]) => {
      for (const file of files) {
        print(await client().returnKey({ key: await document(file, returnedKeySchema, 'a returned key') }));
      }
    });
  admin
    .command('resume <file>')
    .description('sign again, at the word of the officers’ quorum, which names the witness’s head')
    .action(async (file: string) => {
      await client().resume(await document(file, signerResumeSchema, 'a signed resumption'));
    });
}

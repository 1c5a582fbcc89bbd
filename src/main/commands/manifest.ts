import { InvalidArgumentError, type Command } from 'commander';
import { NETWORK_NAMES, parseNetworkName } from '../../bitcoin/index.ts';
import { acceptManifest, manifestHash, parseSignedManifest, type Manifest } from '../../intents/index.ts';
import { SharedError, systemClock } from '../../shared/index.ts';
import {
  describeManifest,
  draftManifest,
  parseManifestContent,
  parseManifestDraft,
  readDocument,
  signManifest,
  writeDocument,
} from '../../station/index.ts';
import { openKeyFile } from '../terminal/key-files.ts';

function days(text: string): number {
  if (!/^[1-9][0-9]{0,2}$/.test(text)) throw new InvalidArgumentError('a whole number of days from 1 to 999');
  return Number(text);
}

function say(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function readPrevious(file: string | undefined): Promise<Manifest | null> {
  return file === undefined ? null : parseSignedManifest(await readDocument(file)).manifest;
}

interface DraftOptions {
  readonly network: string;
  readonly days: number;
  readonly previous?: string;
  readonly out: string;
}

async function draft(content: string, options: DraftOptions): Promise<void> {
  const made = draftManifest({
    content: parseManifestContent(await readDocument(content)),
    network: parseNetworkName(options.network),
    previous: await readPrevious(options.previous),
    nowMs: systemClock.nowMs(),
    days: options.days,
  });
  await writeDocument(options.out, made);
  say(describeManifest(made.manifest));
}

interface SignOptions {
  readonly officer: string;
  readonly key: string;
  readonly passphraseFile?: string;
  readonly previous?: string;
  readonly out: string;
}

async function sign(file: string, options: SignOptions): Promise<void> {
  const unsigned = parseManifestDraft(await readDocument(file));
  say(describeManifest(unsigned.manifest));
  const trusted = (await readPrevious(options.previous)) ?? unsigned.manifest;
  const key = await openKeyFile(options.key, 'the officer’s key', options.passphraseFile);
  const signed = signManifest(unsigned, options.officer, key, trusted);
  await writeDocument(options.out, signed);
  say([`Signed by ${signed.signatures.length}: ${options.out}`]);
}

async function verify(
  file: string,
  options: { readonly previous?: string; readonly firstHash?: string },
): Promise<void> {
  const signed = parseSignedManifest(await readDocument(file));
  const previous = await readPrevious(options.previous);
  if (previous === null && options.firstHash === undefined) {
    throw new SharedError('config_invalid', 'Give --previous <file>, or --first-hash <hash> for manifest 1.');
  }
  const inForce = previous ?? { pinnedFirstHash: options.firstHash ?? '' };
  const manifest = await acceptManifest(inForce, signed, signed.manifest.network);
  say([...describeManifest(manifest), `It is rightly signed and follows. Hash: ${manifestHash(manifest)}`]);
}

/** `trilock manifest …`, for officers, offline. */
export function registerManifest(trilock: Command): void {
  const manifest = trilock
    .command('manifest')
    .description('whom signer and station trust: draft, sign, verify');
  manifest
    .command('draft <content>')
    .description('make the next manifest out of what officers decided; the file has neither number nor times')
    .requiredOption('--network <network>', NETWORK_NAMES.join(', '))
    .requiredOption('--out <file>')
    .option('--previous <file>', 'the manifest in force; without it this is number 1')
    .option('--days <number>', 'how long it is in force', days, 90)
    .action(draft);
  manifest
    .command('sign <file>')
    .description('read it, and add an officer’s signature')
    .requiredOption('--officer <id>')
    .requiredOption('--key <file>', 'the officer’s key file')
    .requiredOption('--out <file>')
    .option('--passphrase-file <file>', 'instead of asking')
    .option('--previous <file>', 'the manifest in force, whose officers sign; without it this is number 1')
    .action(sign);
  manifest
    .command('verify <file>')
    .description('check the officers’ signatures')
    .option('--previous <file>', 'the manifest that it follows')
    .option('--first-hash <hash>', 'for manifest 1: the hash that officers compared')
    .action(verify);
}

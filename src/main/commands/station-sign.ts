import { describeVerified } from '../../intents/index.ts';
import { basename, extname, join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { writeNewFile, type MasterPrivateKey, type Masters } from '../../keyring/index.ts';
import { describeError, systemClock } from '../../shared/index.ts';
import {
  amountLeaving,
  BUNDLE_FORMATS,
  bundleFiles,
  checkBundle,
  encodeBundle,
  inspectBundle,
  loadFreezeStatus,
  machineWarnings,
  manifestInForce,
  newestStatusFile,
  openStation,
  readBundleFile,
  readDocument,
  requireConfirmation,
  requireCurrentMasters,
  requireSignable,
  signBundle,
  type BundleFormat,
  type SignableBundle,
  type Station,
} from '../../station/index.ts';
import { askText } from '../terminal/ask.ts';
import { openKeyFile } from '../terminal/key-files.ts';
import { progress } from '../terminal/progress.ts';

function say(...lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

function refused(file: string, thrown: unknown): void {
  process.stderr.write(`${file}: refused: ${describeError(thrown)}\n`);
  process.exitCode = 1;
}

function formatName(text: string): BundleFormat {
  const format = BUNDLE_FORMATS.find((name) => name === text);
  if (format === undefined) throw new InvalidArgumentError(BUNDLE_FORMATS.join(', '));
  return format;
}

async function inspect(directory: string, paths: readonly string[]): Promise<void> {
  const station = await openStation(directory);
  for (const file of await bundleFiles(paths)) {
    try {
      const { lines, refusal } = await inspectBundle(
        station,
        await readBundleFile(file),
        systemClock.nowMs(),
      );
      say(file, ...lines.map((line) => `  ${line}`));
      if (refusal === null) continue;
      say(`  REFUSED (${refusal.code}): ${refusal.text}`);
      process.exitCode = 1;
    } catch (thrown) {
      refused(file, thrown);
    }
  }
}

/** Whoever carries bundles carries the signer's newest freeze status along. */
async function takeStatus(station: Station, paths: readonly string[]): Promise<void> {
  const file = await newestStatusFile(paths);
  if (file === undefined) return;
  const { number, issuedAt, restricted } = await loadFreezeStatus(station, await readDocument(file));
  say(`Freeze status ${number} of ${issuedAt}: ${restricted.length} customers are frozen.`);
}

const IN_A_DISASTER = [
  'ATTENTION: signing without asking whose accounts are frozen. This is noted in the station for good.',
];

export const DISASTER_OPTION =
  'sign without a freeze status, because no signer is left to give one; the reason in words is noted for good';

interface SignOptions {
  readonly innerKey: string;
  readonly outerKey: string;
  readonly innerPassphraseFile?: string;
  readonly outerPassphraseFile?: string;
  readonly out: string;
  readonly as: BundleFormat;
  readonly confirm?: string[];
  readonly disaster?: string;
  readonly together?: true;
}

interface Shown {
  readonly file: string;
  readonly signable: SignableBundle;
}

/** Checks one file and shows it; undefined when it is refused, which is said and leaves the others to be signed. */
async function showFile(
  station: Station,
  file: string,
  disaster: string | undefined,
): Promise<Shown | undefined> {
  try {
    const nowMs = systemClock.nowMs();
    const bundle = await readBundleFile(file);
    const signable = await requireSignable(station, await checkBundle(station, bundle, nowMs), {
      nowMs,
      disaster,
    });
    const lines = describeVerified(bundle, signable.verified, await manifestInForce(station), nowMs);
    say(file, ...lines.map((line) => `  ${line}`));
    return { file, signable };
  } catch (thrown) {
    refused(file, thrown);
    return undefined;
  }
}

/** Each file by its own amount, asked right after it was shown. */
async function confirmEach(
  station: Station,
  files: readonly string[],
  { confirm: given = [], disaster }: SignOptions,
): Promise<Shown[]> {
  const confirmed: Shown[] = [];
  for (const [position, file] of files.entries()) {
    const shown = await showFile(station, file, disaster);
    if (shown === undefined) continue;
    try {
      const question = `  At most ${amountLeaving(shown.signable.verified)} satoshis leave. Type the last four digits of that: `;
      requireConfirmation(
        [shown.signable.verified],
        given[position] ?? (await askText(question, '--confirm')),
      );
      confirmed.push(shown);
    } catch (thrown) {
      refused(file, thrown);
    }
  }
  return confirmed;
}

/** All files by the sum of their amounts, asked once when all were shown. */
async function confirmTogether(
  station: Station,
  files: readonly string[],
  { confirm: [given] = [], disaster }: SignOptions,
): Promise<Shown[]> {
  const shown: Shown[] = [];
  for (const file of files) {
    const one = await showFile(station, file, disaster);
    if (one !== undefined) shown.push(one);
  }
  if (shown.length === 0) return shown;
  const verified = shown.map(({ signable }) => signable.verified);
  const inputs = verified.reduce((sum, { explanation }) => sum + explanation.inputs.length, 0);
  const wallets = new Set(shown.map(({ signable }) => signable.bundle.wallet)).size;
  const leaving = verified.reduce((sum, one) => sum + amountLeaving(one), 0n);
  say(`Together: ${shown.length} files, ${wallets} wallets, ${inputs} inputs; ${leaving} satoshis leave.`);
  const question = 'Type the last four digits of that sum: ';
  requireConfirmation(verified, given ?? (await askText(question, '--confirm')));
  return shown;
}

async function openMasters(options: SignOptions): Promise<Masters<MasterPrivateKey>> {
  const { innerKey, outerKey, innerPassphraseFile, outerPassphraseFile } = options;
  return {
    inner: await openKeyFile(innerKey, 'the inner master', innerPassphraseFile),
    outer: await openKeyFile(outerKey, 'the outer master', outerPassphraseFile),
  };
}

function signedName(file: string, format: BundleFormat): string {
  return `${basename(file, extname(file))}.signed.${format}`;
}

async function sign(directory: string, paths: readonly string[], options: SignOptions): Promise<void> {
  const station = await openStation(directory);
  requireCurrentMasters(station, systemClock.nowMs());
  say(...(await machineWarnings()));
  await takeStatus(station, paths);
  if (options.disaster !== undefined) say(...IN_A_DISASTER);
  const files = await bundleFiles(paths);
  const confirmed =
    options.together === true
      ? await confirmTogether(station, files, options)
      : await confirmEach(station, files, options);
  if (confirmed.length === 0) return;
  const masters = await openMasters(options);
  const inputs = confirmed.map(({ signable }) => signable.verified.explanation.inputs.length);
  const onInput = progress(
    'Inputs signed',
    inputs.reduce((sum, count) => sum + count, 0),
  );
  let done = 0;
  for (const [position, { file, signable }] of confirmed.entries()) {
    try {
      // Anew: an earlier file of this run may have paid the same intent.
      await requireSignable(station, signable, signable.occasion);
      const out = join(options.out, signedName(file, options.as));
      await writeNewFile(out, encodeBundle(await signBundle(station, signable, masters), options.as));
      say(out);
    } catch (thrown) {
      refused(file, thrown);
    }
    onInput((done += inputs[position] ?? 0));
  }
}

async function convert(
  file: string,
  options: { readonly as: BundleFormat; readonly out: string },
): Promise<void> {
  await writeNewFile(options.out, encodeBundle(await readBundleFile(file), options.as));
  say(options.out);
}

/** `trilock station inspect`, `sign`, `convert`. */
export function registerSigning(station: Command): void {
  station
    .command('inspect <directory> <files...>')
    .description('say in plain words what bundles would do; status 1 when one is refused')
    .action(inspect);
  station
    .command('sign <directory> <files...>')
    .description('check, show, ask and sign files or directories of them; status 1 when a file was refused')
    .requiredOption('--inner-key <file>', 'key file of the first holder')
    .requiredOption('--outer-key <file>', 'key file of the second holder')
    .option('--inner-passphrase-file <file>', 'instead of asking')
    .option('--outer-passphrase-file <file>', 'instead of asking')
    .option('--out <directory>', 'where signed files go', '.')
    .option('--as <format>', BUNDLE_FORMATS.join(', '), formatName, 'json')
    .option('--together', 'confirm all files by the sum of their amounts')
    .option(
      '--confirm <digits...>',
      'last digits of the amounts in the order of the files (of the sum with --together), instead of asking',
    )
    .option('--disaster <reason>', DISASTER_OPTION)
    .action(sign);
  station
    .command('convert <file>')
    .description(
      'write a bundle in another format: JSON, a PSBT with the intents inside, or the texts of QR codes',
    )
    .requiredOption('--as <format>', BUNDLE_FORMATS.join(', '), formatName)
    .requiredOption('--out <file>')
    .action(convert);
}

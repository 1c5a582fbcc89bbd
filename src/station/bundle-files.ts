import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MAX_PSBT_BYTES } from '../bitcoin/index.ts';
import { parseSigningBundle, type SigningBundle } from '../intents/index.ts';
import { fileRefusal, readRegularFile } from '../keyring/index.ts';
import { decodeFrames, encodeFrames } from './bbqr.ts';
import { documentBytes } from './documents.ts';
import { StationError } from './errors.ts';
import { bundleOfPsbt, bundleToPsbt } from './psbt-bundle.ts';

/** `json` as the online side writes it, `psbt` with the intents inside, `bbqr` the texts of QR codes, a line each. */
export const BUNDLE_FORMATS = ['json', 'psbt', 'bbqr'] as const;
export type BundleFormat = (typeof BUNDLE_FORMATS)[number];

const ENDINGS = ['.json', '.psbt', '.bbqr'];
/** What is carried along with them, and no bundle. */
const FREEZE_STATUS = /^freeze-status-[0-9]+\.json$/;
const MAX_FILE_BYTES = 24 * 1024 * 1024;
const PSBT_MAGIC = Buffer.from('70736274ff', 'hex');
const PSBT_BASE64 = 'cHNidP';

function bundleOfBytes(bytes: Buffer, type: string): SigningBundle {
  if (type === 'P') return bundleOfPsbt(bytes);
  if (type !== 'J')
    throw new StationError('document_malformed', 'The frames hold neither a PSBT nor a bundle.');
  return bundleOfText(bytes.toString('utf8'));
}

function bundleOfText(text: string): SigningBundle {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new StationError('document_malformed', 'It is neither a bundle nor a PSBT nor the frames of one.');
  }
  return parseSigningBundle(value);
}

/**
 * Reads what is to be signed: a bundle in JSON, a PSBT that carries its intents (binary or base 64), or the texts of
 * its QR codes. What it is, its content says.
 * @throws StationError `document_malformed`, `frames_malformed`, `psbt_without_intents`; IntentError
 * `bundle_malformed`; BitcoinError `psbt_…`; KeyringError `file_…`.
 */
export async function readBundleFile(path: string): Promise<SigningBundle> {
  const bytes = await readRegularFile(path, { maxBytes: MAX_FILE_BYTES });
  if (bytes.subarray(0, PSBT_MAGIC.length).equals(PSBT_MAGIC)) return bundleOfPsbt(bytes);
  const text = bytes.toString('utf8').trim();
  if (text.startsWith(PSBT_BASE64) && text.length <= 2 * MAX_PSBT_BYTES)
    return bundleOfPsbt(Buffer.from(text, 'base64'));
  if (!text.startsWith('B$')) return bundleOfText(text);
  const frames = text.split(/\s+/);
  const decoded = decodeFrames(frames);
  return bundleOfBytes(decoded.bytes, decoded.type);
}

/** A bundle as the content of a file. */
export function encodeBundle(bundle: SigningBundle, format: BundleFormat): Buffer {
  if (format === 'json') return documentBytes(bundle);
  const psbt = bundleToPsbt(bundle);
  return format === 'psbt' ? Buffer.from(psbt) : Buffer.from(`${encodeFrames(psbt, 'P').join('\n')}\n`);
}

const isStatus = (path: string): boolean => FREEZE_STATUS.test(basename(path));

/** The files meant by paths: a directory stands for what it holds of ours, in order of name. */
async function filesIn(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    try {
      if (!(await lstat(path)).isDirectory()) files.push(path);
      else {
        const names = (await readdir(path)).filter((name) => ENDINGS.some((ending) => name.endsWith(ending)));
        files.push(...names.sort().map((name) => join(path, name)));
      }
    } catch (thrown) {
      throw fileRefusal(path, thrown);
    }
  }
  return files;
}

/** The bundles meant by paths. @throws KeyringError `file_…`. */
export async function bundleFiles(paths: readonly string[]): Promise<string[]> {
  return (await filesIn(paths)).filter((path) => !isStatus(path));
}

/** The freeze status that lies beside them, the newest by its name; undefined without one. @throws KeyringError `file_…`. */
export async function newestStatusFile(paths: readonly string[]): Promise<string | undefined> {
  return (await filesIn(paths)).filter(isStatus).sort(byNumber).at(-1);
}

function byNumber(one: string, other: string): number {
  const [left, right] = [one, other].map((path) => Number(/([0-9]+)\.json$/.exec(path)?.[1]));
  return (left ?? 0) - (right ?? 0);
}

import { readRegularFile, writeNewFile } from '../../keyring/index.ts';
import { SharedError } from '../../shared/index.ts';
import { askPassphrase, askText } from '../terminal/ask.ts';
import type { Connection } from './connect.ts';
import type { Shown } from './output.ts';

const CODE = /^[0-9]{6}$/;
const MAX_CODE_BYTES = 64;

/** The account's password: from a file, from TRILOCK_PASSWORD, or typed unseen. */
export async function passwordOf(
  { settings }: Pick<Connection, 'settings'>,
  options: { readonly passwordFile?: string },
  isNew = false,
): Promise<string> {
  const given = settings.TRILOCK_PASSWORD;
  if (options.passwordFile === undefined && given !== undefined) return given;
  return typedSecret('your account', options.passwordFile, isNew);
}

/** A secret from a file, or typed unseen, twice when it is new. */
export async function typedSecret(what: string, file: string | undefined, isNew: boolean): Promise<string> {
  const bytes = await askPassphrase(what, { file, isNew });
  try {
    return bytes.toString('utf8');
  } finally {
    bytes.fill(0);
  }
}

/** Six digits of the authenticator app. @throws SharedError `config_invalid`. */
export async function codeOf(file: string | undefined): Promise<string> {
  const text =
    file === undefined
      ? await askText('Code of your authenticator app: ', '--code-file')
      : (await readRegularFile(file, { maxBytes: MAX_CODE_BYTES })).toString('utf8');
  if (CODE.test(text.trim())) return text.trim();
  throw new SharedError('config_invalid', 'A code is six digits.');
}

/** Shows a secret that the API tells once, or puts it into a new file that its owner alone may read. */
export async function showSecret(
  shown: Shown,
  secret: string | null,
  { name, out }: { readonly name: string; readonly out: string | undefined },
): Promise<Shown> {
  if (secret === null) {
    return {
      ...shown,
      lines: [...shown.lines, `The ${name} was shown when it was made, and is not shown again.`],
    };
  }
  if (out === undefined) {
    return { ...shown, lines: [...shown.lines, `${name}  ${secret}`, 'It is shown this once.'] };
  }
  await writeNewFile(out, Buffer.from(`${secret}\n`));
  return {
    document: { ...(shown.document as object), [name]: null, file: out },
    lines: [...shown.lines, `${name}  in ${out}`],
  };
}

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { readRegularFile } from '../../keyring/index.ts';
import { SharedError } from '../../shared/index.ts';

const MAX_PASSPHRASE_FILE_BYTES = 2_048;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** The lines of standard input that answer every question; undefined at a terminal. */
let prepared: AsyncIterator<string> | undefined;

/**
 * From now on every question is answered by a line of standard input, passphrases too: for rehearsals, and for
 * machines that another program operates. @returns what ends it, so that nobody waits for more of it.
 */
export function answerFromStandardInput(): () => void {
  const lines = createInterface({ input: process.stdin });
  prepared = lines[Symbol.asyncIterator]();
  return () => {
    prepared = undefined;
    lines.close();
    process.stdin.destroy();
  };
}

/** The next answer; the question is shown, what answers it is not. */
async function nextPrepared(lines: AsyncIterator<string>, question: string): Promise<string> {
  process.stderr.write(`${question}\n`);
  const next = await lines.next();
  if (next.done === true)
    throw new SharedError('config_invalid', 'The answers on standard input ended at a question.');
  return next.value;
}

function requireTerminal(what: string, instead: string): void {
  if (process.stdin.isTTY || prepared !== undefined) return;
  throw new SharedError('config_invalid', `${what} is asked for at a terminal, or given by ${instead}.`);
}

/** Asks a question on the terminal; with `hidden`, what is typed is not shown. */
function askLine(question: string, hidden: boolean): Promise<string> {
  if (prepared !== undefined) return nextPrepared(prepared, question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  process.stderr.write(question);
  const lines = createInterface({
    input: process.stdin,
    output: hidden ? silent : process.stderr,
    terminal: true,
  });
  return new Promise((resolve, reject) => {
    lines.once('SIGINT', () => reject(new SharedError('config_invalid', 'Stopped at the question.')));
    lines.once('line', resolve);
    lines.once('close', () => reject(new SharedError('config_invalid', 'Stopped at the question.')));
  }).finally(() => {
    // Its own listeners stay: with them it takes those off the terminal that it put there.
    lines.close();
    if (hidden) process.stderr.write('\n');
  }) as Promise<string>;
}

function withoutLineEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  if (bytes[end - 1] === NEWLINE) end--;
  if (bytes[end - 1] === RETURN) end--;
  return bytes.subarray(0, end);
}

/**
 * A passphrase, from a file (demo and tests) or typed unseen, twice for a new one. The caller zeroes it.
 * @throws SharedError `config_invalid` without a terminal, or when the two differ.
 */
export async function askPassphrase(
  what: string,
  { file, isNew = false }: { readonly file: string | undefined; readonly isNew?: boolean },
): Promise<Buffer> {
  if (file !== undefined)
    return withoutLineEnd(await readRegularFile(file, { maxBytes: MAX_PASSPHRASE_FILE_BYTES }));
  requireTerminal(`The passphrase of ${what}`, 'a file');
  const passphrase = Buffer.from(await askLine(`Passphrase of ${what}: `, true));
  if (!isNew) return passphrase;
  const again = Buffer.from(await askLine('The same again: ', true));
  const same = passphrase.equals(again);
  again.fill(0);
  if (!same) throw new SharedError('config_invalid', 'The two passphrases differ.');
  return passphrase;
}

/** Asks for something that may be seen. */
export async function askText(question: string, instead: string): Promise<string> {
  requireTerminal('An answer', instead);
  return askLine(question, false);
}

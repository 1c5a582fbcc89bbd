import { SharedError } from '../../shared/index.ts';
import { askText } from './ask.ts';

const CONFIRM_DIGITS = 8;

/**
 * Shows what would be signed, on standard error, and has the first digits of its hash typed.
 * @throws SharedError `config_invalid` when they differ.
 */
export async function confirmHash(
  lines: readonly string[],
  hash: string,
  verb: string,
  given: string | undefined,
): Promise<void> {
  process.stderr.write(`${[...lines, `Hash, computed here from these words: ${hash}`].join('\n')}\n`);
  const question = `Type the first ${CONFIRM_DIGITS} digits of the hash to ${verb}: `;
  const typed = given ?? (await askText(question, '--confirm'));
  if (typed.trim() === hash.slice(0, CONFIRM_DIGITS)) return;
  throw new SharedError('config_invalid', 'These are not its first digits; nothing was signed.');
}

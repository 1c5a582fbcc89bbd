import type { Command } from 'commander';
import type { MasterPrivateKey } from '../../keyring/index.ts';
import { keyOfShares, openShare, parseShare, readDocument, type ShareHead } from '../../station/index.ts';
import { withPassphrase } from '../terminal/key-files.ts';

export interface ShareOptions {
  readonly share?: string[];
  readonly sharePassphraseFile?: string[];
}

export function shareOptions(command: Command): Command {
  return command
    .option(
      '--share <files...>',
      'share files of enough officers: their disaster key opens `.disaster` copies',
    )
    .option('--share-passphrase-file <files...>', 'in the order of the shares, instead of asking');
}

/**
 * Puts the disaster key together from officers' shares, in memory. @param fingerprint the key that is meant; by
 * default that of the first share.
 * @throws StationError `shares_differ`; KeyringError `shares_…`, `passphrase_wrong`.
 */
export async function disasterKeyOf(
  { share = [], sharePassphraseFile }: ShareOptions,
  fingerprint?: string,
): Promise<MasterPrivateKey> {
  const opened: { head: ShareHead; share: Buffer }[] = [];
  try {
    for (const [position, path] of share.entries()) {
      const sealed = parseShare(await readDocument(path));
      const file = sharePassphraseFile?.[position];
      const bytes = await withPassphrase(`the share of ${sealed.holder}`, { file }, (passphrase) =>
        openShare(sealed, passphrase),
      );
      opened.push({ head: sealed, share: bytes });
    }
    return await keyOfShares(opened, fingerprint ?? opened[0]?.head.key ?? '');
  } finally {
    for (const { share: bytes } of opened) bytes.fill(0);
  }
}

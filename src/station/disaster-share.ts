import { z } from 'zod';
import { base64Url, fromBase64Url, hash32, networkName, plainText, toBase64Url } from '../intents/index.ts';
import {
  joinShares,
  openWithPassphrase,
  sealWithPassphrase,
  type MasterPrivateKey,
} from '../keyring/index.ts';
import { canonicalJson } from '../shared/index.ts';
import { StationError } from './errors.ts';

const headSchema = z.strictObject({
  purpose: z.literal('share of the disaster key'),
  version: z.literal(1),
  institution: plainText.min(1),
  network: networkName,
  /** Fingerprint of the disaster key. */
  key: hash32,
  threshold: z.int().min(1),
  number: z.int().min(1),
  of: z.int().min(1),
  holder: plainText.min(1),
});
const shareSchema = headSchema.extend({ sealed: base64Url });

export type ShareHead = z.infer<typeof headSchema>;

/** One officer's share of the disaster key, under that officer's passphrase. */
export type DisasterShare = z.infer<typeof shareSchema>;

/** The caller zeroes `share`. @throws KeyringError `passphrase_weak`. */
export function sealShare(head: ShareHead, share: Buffer, passphrase: Buffer): DisasterShare {
  return { ...head, sealed: toBase64Url(sealWithPassphrase(share, passphrase, canonicalJson(head))) };
}

/** @throws StationError `document_malformed`. */
export function parseShare(value: unknown): DisasterShare {
  const parsed = shareSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StationError('document_malformed', 'This is not a share of a disaster key.');
}

/** The caller zeroes the share. @throws KeyringError `passphrase_wrong`, `box_malformed`. */
export function openShare({ sealed, ...head }: DisasterShare, passphrase: Buffer): Buffer {
  return openWithPassphrase(Buffer.from(fromBase64Url(sealed) ?? []), passphrase, canonicalJson(head));
}

/**
 * The disaster key of opened shares, in memory only.
 * @throws StationError `shares_differ`; KeyringError `shares_too_few`, `shares_do_not_fit`.
 */
export async function keyOfShares(
  opened: readonly { readonly head: ShareHead; readonly share: Buffer }[],
  fingerprint: string,
): Promise<MasterPrivateKey> {
  const numbers = new Set(opened.map(({ head }) => head.number));
  const stranger = opened.find(({ head }) => head.key !== fingerprint);
  if (stranger !== undefined || numbers.size !== opened.length) {
    throw new StationError(
      'shares_differ',
      stranger === undefined
        ? 'One share was given twice.'
        : `The share of ${stranger.head.holder} is for another key.`,
    );
  }
  const threshold = Math.max(...opened.map(({ head }) => head.threshold));
  return joinShares(
    opened.map(({ share }) => share),
    { threshold, fingerprint },
  );
}

/**
 * The text whose SHA-256 seals one entry of a hash chain; the same as in the SQL function `seal_entries`. Here, since
 * who seals and who attests have no other code in common.
 */
export function chainLinkText(
  stream: string,
  link: {
    readonly position: bigint;
    readonly sealedAtMs: number;
    /** Hash of the position before: 64 hexadecimal digits. */
    readonly previousHash: string;
    readonly content: string;
  },
): string {
  const { position, sealedAtMs, previousHash, content } = link;
  return `trilock:seal:1:${stream}:${position}:${sealedAtMs}:${previousHash}:${content}`;
}

/** Where every chain begins: no entry, 32 zero bytes. */
export const CHAIN_START_HASH = '00'.repeat(32);

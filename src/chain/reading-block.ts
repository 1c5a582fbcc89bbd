import { BitcoinError } from '../bitcoin/index.ts';
import { ChainError } from './errors.ts';

/**
 * Reads a block, or the header that it begins with, as a node has sent it. Bytes that are none are a lie of the node
 * like any other, so whoever follows the chain holds. @throws ChainError `block_invalid` with `details.rule`
 * `malformed`.
 */
export function readingBlock<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof BitcoinError)) throw cause;
    throw new ChainError('block_invalid', 'The node sent bytes that are no block.', {
      details: { rule: 'malformed' },
      internal: cause.message,
      cause,
    });
  }
}

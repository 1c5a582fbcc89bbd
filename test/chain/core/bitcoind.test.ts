import { describe, it } from 'vitest';
import { livingSubject } from './living-node.ts';
import { nodeContract } from './node-contract.ts';

const binary = process.env['BITCOIND_BIN'];

if (binary === undefined || binary === '') {
  describe('the node port on a real bitcoind', () => {
    it.skip('runs when BITCOIND_BIN names one', () => undefined);
  });
} else {
  nodeContract('a real bitcoind', () => livingSubject(binary));
}

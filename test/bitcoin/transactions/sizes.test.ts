import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/bitcoin/index.ts';
import {
  dustThreshold,
  feeForWeight,
  multisigInputWeight,
  outputWeight,
} from '../../../src/bitcoin/transactions/sizes.ts';
import { parseFeeRate } from '../../../src/shared/index.ts';

const script = (address: string): Uint8Array => parseAddress(address, 'mainnet').scriptPubKey;

describe('sizes', () => {
  it.each([
    // The figures of Bitcoin Core's GetDustThreshold at its default of 3000 sat/kvB.
    ['P2PKH', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', 546n, 136],
    ['P2SH', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', 540n, 128],
    ['P2WPKH', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 294n, 124],
    ['P2WSH', 'bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3', 330n, 172],
    ['P2TR', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0', 330n, 172],
  ])('knows the dust threshold and weight of %s', (_, address, dust, weight) => {
    expect(dustThreshold(script(address))).toBe(dust);
    expect(outputWeight(script(address))).toBe(weight);
  });

  it('weighs inputs by their signatures and keys', () => {
    // 41 bytes outside the witness; inside: counts, the empty item, two signatures of 72, the script of 105.
    expect(multisigInputWeight(2, 3)).toBe(41 * 4 + 1 + 1 + 2 * 73 + 1 + 105);
    expect(multisigInputWeight(3, 5)).toBe(41 * 4 + 1 + 1 + 3 * 73 + 1 + 173);
    // From eight keys on the script's length takes three bytes.
    expect(multisigInputWeight(2, 8)).toBe(41 * 4 + 1 + 1 + 2 * 73 + 3 + 275);
  });

  it('rounds fees up', () => {
    expect(feeForWeight(parseFeeRate('1'), 4)).toBe(1n);
    expect(feeForWeight(parseFeeRate('1'), 5)).toBe(2n);
    expect(feeForWeight(parseFeeRate('0'), 400)).toBe(0n);
  });
});

import { describe, expect, test } from 'vitest';
import {
  branchDescriptorText,
  deriveAddresses,
  parseAddress,
  parseDescriptor,
  type NetworkName,
} from '../../../src/bitcoin/index.ts';
import { readVectors, toHex } from '../vectors.ts';

interface CoreAnswers {
  readonly cases: readonly {
    readonly network: NetworkName;
    readonly body: string;
    readonly checksum: string;
    readonly branches: readonly [string, string];
    readonly receive: readonly string[];
    readonly change: readonly string[];
    readonly late: readonly [readonly string[], readonly string[]];
    readonly scriptPubKey: string;
  }[];
}

const { cases } = readVectors('core/wsh-sortedmulti.json') as CoreAnswers;

describe('Bitcoin Core answers alike', () => {
  test.each(cases)('$network $body', (core) => {
    const descriptor = parseDescriptor(`${core.body}#${core.checksum}`, core.network);
    expect(descriptor.text).toBe(`${core.body}#${core.checksum}`);
    expect([branchDescriptorText(descriptor, 'receive'), branchDescriptorText(descriptor, 'change')]).toEqual(
      core.branches,
    );
    expect(deriveAddresses(descriptor, 'receive', 0, 5)).toEqual(core.receive);
    expect(deriveAddresses(descriptor, 'change', 0, 5)).toEqual(core.change);
    expect(deriveAddresses(descriptor, 'receive', 2_147_483_640, 2)).toEqual(core.late[0]);
    expect(deriveAddresses(descriptor, 'change', 2_147_483_640, 2)).toEqual(core.late[1]);
    expect(toHex(parseAddress(core.receive[0] ?? '', core.network).scriptPubKey)).toBe(core.scriptPubKey);
  });
});

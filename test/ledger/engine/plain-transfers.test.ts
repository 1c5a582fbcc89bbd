import { describe, expect, it } from 'vitest';
import { Engine } from '../../../src/ledger/engine/index.ts';
import { decodeRecord, encodeCommands, resultName } from '../../../src/ledger/format/index.ts';
import { idAt, START_MS } from './ids.ts';

describe('plain transfers', () => {
  it('moves money between accounts and refuses an overdraft', () => {
    const engine = new Engine();
    const records = encodeCommands([
      { kind: 'account', id: 1n, asset: 1, code: 1 },
      { kind: 'account', id: 2n, asset: 1, code: 1, accountFlags: { debitsMustNotExceedCredits: true } },
      {
        kind: 'transfer',
        id: idAt(1),
        debitAccountId: 1n,
        creditAccountId: 2n,
        amount: 100n,
        asset: 1,
        code: 1,
      },
      {
        kind: 'transfer',
        id: idAt(2),
        debitAccountId: 2n,
        creditAccountId: 1n,
        amount: 101n,
        asset: 1,
        code: 1,
      },
    ]);
    engine.apply(records, START_MS);
    const results = [0, 1, 2, 3].map((index) => resultName(decodeRecord(records, index * 128).result));
    expect(results).toEqual(['ok', 'ok', 'ok', 'exceeds_credits']);
    expect(engine.account(2n)).toMatchObject({ creditsPosted: 100n, debitsPosted: 0n, available: 100n });
    expect(engine.account(1n)).toMatchObject({ creditsPosted: 0n, debitsPosted: 100n, available: -100n });
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/shared/index.ts';
import { generateEd25519, verifyEd25519, type Ed25519Key } from '../../../src/signer/ed25519.ts';
import { openWitness } from '../../../src/signer/witness/index.ts';
import { statementBytes, type WitnessStatement } from '../../../src/signer/witness/witness-statement.ts';
import { callWire } from '../../../src/signer/wire/wire-client.ts';
import { createWireServer } from '../../../src/signer/wire/wire-server.ts';

const HEAD_A = 'a'.repeat(64);
const HEAD_B = 'b'.repeat(64);

function stated(signer: Ed25519Key, statement: WitnessStatement): JsonValue {
  const signerKey = signer.publicKey;
  return { statement, signerKey, signature: signer.sign(statementBytes('signer', signerKey, statement)) };
}

interface Countersigned {
  readonly statement: WitnessStatement;
  readonly witnessKey: string;
  readonly countersignature: string;
}

describe('the witness', () => {
  let directory: string;
  const signer = generateEd25519();
  const first: WitnessStatement = { counter: 7, manifestVersion: 3, consumedHead: HEAD_A };
  const second: WitnessStatement = { counter: 8, manifestVersion: 3, consumedHead: HEAD_B };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'witness-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('countersigns statement after statement with a key of its own', async () => {
    const witness = await openWitness(directory);
    await witness.methods.countersign(stated(signer, first));
    const answer = (await witness.methods.countersign(stated(signer, second))) as unknown as Countersigned;
    expect(answer.statement).toEqual(second);
    const bytes = statementBytes('witness', signer.publicKey, second);
    expect(verifyEd25519(witness.publicKey, bytes, answer.countersignature)).toBe(true);
    const asSigner = statementBytes('signer', signer.publicKey, second);
    expect(verifyEd25519(witness.publicKey, asSigner, answer.countersignature)).toBe(false);
  });

  it('answers the last statement again, since an answer may have been lost', async () => {
    const witness = await openWitness(directory);
    const once = await witness.methods.countersign(stated(signer, first));
    expect(await witness.methods.countersign(stated(signer, first))).toEqual(once);
  });

  it('remembers across a restart, and then unmasks a signer restored from an old backup', async () => {
    const before = await openWitness(directory);
    await before.methods.countersign(stated(signer, first));
    await before.methods.countersign(stated(signer, second));
    const after = await openWitness(directory);
    expect(after.publicKey).toBe(before.publicKey);
    expect(await after.methods.head(null)).toMatchObject({ statement: second });
    await expect(after.methods.countersign(stated(signer, first))).rejects.toMatchObject({
      code: 'witness_counter_rolled_back',
    });
  });

  it.each<[string, Partial<WitnessStatement>, string]>([
    [
      'forks its history at the same counter',
      { counter: 7, consumedHead: HEAD_B },
      'witness_statement_conflicts',
    ],
    ['skips a counter', { counter: 9 }, 'witness_counter_skips'],
    ['goes back to an older manifest', { counter: 8, manifestVersion: 2 }, 'witness_manifest_rolled_back'],
  ])('refuses a signer that %s', async (_case, change, code) => {
    const witness = await openWitness(directory);
    await witness.methods.countersign(stated(signer, first));
    await expect(witness.methods.countersign(stated(signer, { ...first, ...change }))).rejects.toMatchObject({
      code,
    });
    expect(witness.memory()?.statement).toEqual(first);
  });

  it('refuses another signer, a wrong signature and what is no statement', async () => {
    const witness = await openWitness(directory);
    await witness.methods.countersign(stated(signer, first));
    await expect(witness.methods.countersign(stated(generateEd25519(), second))).rejects.toMatchObject({
      code: 'witness_signer_unknown',
    });
    const forged = { ...(stated(signer, first) as Record<string, JsonValue>), statement: second };
    await expect(witness.methods.countersign(forged)).rejects.toMatchObject({
      code: 'witness_signature_wrong',
    });
    for (const nonsense of [null, 1, {}, { ...forged, more: 1 }]) {
      await expect(witness.methods.countersign(nonsense)).rejects.toMatchObject({
        code: 'witness_statement_malformed',
      });
    }
  });

  it('countersigns one of two rival statements that arrive together', async () => {
    const witness = await openWitness(directory);
    await witness.methods.countersign(stated(signer, first));
    const rival = { ...second, consumedHead: HEAD_A };
    const results = await Promise.allSettled([
      witness.methods.countersign(stated(signer, second)),
      witness.methods.countersign(stated(signer, rival)),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
  });

  it('does not start over when its memory is damaged', async () => {
    const witness = await openWitness(directory);
    await witness.methods.countersign(stated(signer, first));
    await writeFile(join(directory, 'witnessed.json'), '{"signerKey":');
    await expect(openWitness(directory)).rejects.toMatchObject({ code: 'witness_file_damaged' });
  });

  it('speaks over a socket: answers, refusals with their code, and nothing for strangers', async () => {
    const witness = await openWitness(directory);
    const failures: string[] = [];
    const server = createWireServer({
      methods: witness.methods,
      onFailure: (method) => failures.push(method),
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    try {
      expect(await callWire(target, 'head', null, 2_000)).toBeNull();
      await callWire(target, 'countersign', stated(signer, first), 2_000);
      expect(await callWire(target, 'head', null, 2_000)).toMatchObject({ statement: first });
      await expect(callWire(target, 'countersign', {}, 2_000)).rejects.toMatchObject({
        code: 'witness_statement_malformed',
      });
      await expect(callWire(target, 'toString', null, 2_000)).rejects.toMatchObject({
        code: 'wire_unknown_method',
      });
      const large = 'x'.repeat(17 * 1024 * 1024);
      await expect(callWire(target, 'head', large, 5_000)).rejects.toMatchObject({
        code: expect.stringMatching(/^wire_(too_large|unreachable)$/) as string,
      });
      expect(failures).toEqual([]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    await expect(callWire(target, 'head', null, 2_000)).rejects.toMatchObject({
      code: 'wire_unreachable',
      retryable: true,
    });
  });
});

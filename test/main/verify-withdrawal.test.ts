import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestHash, type WithdrawalEvidence } from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import { custody, registeredWallet, type Custody } from '../fixtures/custody.ts';
import { receiptBy, signedPayout } from '../fixtures/evidence.ts';
import { at, signedManifest } from '../fixtures/intents.ts';
import { runCommand, type Outcome } from './support/run-command.ts';

let folder: string;
let house: Custody;
let evidence: WithdrawalEvidence;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trilock-evidence-'));
  house = custody();
  evidence = await signedPayout(house, registeredWallet(house, 'evidence'));
  await write('manifest-1.json', signedManifest(house.house, house.manifest));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

interface Wishes {
  readonly withdrawal?: string;
  readonly manifest?: string;
  readonly firstHash?: string;
  readonly transaction?: string;
}

async function verify(shown: WithdrawalEvidence, wishes: Wishes = {}): Promise<Outcome> {
  const { withdrawal = shown.withdrawal, manifest = join(folder, 'manifest-1.json') } = wishes;
  const file = await write('evidence.json', shown);
  return await runCommand([
    ...['verify-withdrawal', withdrawal, '--evidence', file, '--manifest', manifest],
    ...['--first-hash', wishes.firstHash ?? manifestHash(house.manifest)],
    ...(wishes.transaction === undefined ? [] : ['--transaction', wishes.transaction]),
  ]);
}

describe('trilock verify-withdrawal', () => {
  it('says of every link that it holds, with the manifest alone', async () => {
    const transaction = await write('raw.hex', `${evidence.transaction}\n`);
    const { status, lines } = await verify(evidence, { transaction });
    expect(status).toBe(0);
    const text = lines.join('\n');
    expect(text).toMatch(/Policy version 1, “As installed” \([0-9a-f]{64}\): built in\./);
    expect(text).toMatch(/written under policy version 1: asked for by its customer, approved by/);
    expect(lines.at(-1)).toBe(`Every link holds, down to the transaction ${evidence.txid}.`);
  });

  it('says when nobody has looked at the chain', async () => {
    const { lines } = await verify(evidence);
    expect(lines.at(-1)).toContain('Whether the chain has it, a node of your own says');
  });

  it.each<[what: string, change: (whole: WithdrawalEvidence) => WithdrawalEvidence, says: string]>([
    ['another txid', (whole) => ({ ...whole, txid: 'cd'.repeat(32) }), 'signed another transaction'],
    [
      'another text of the policy',
      (whole) => ({
        ...whole,
        policies: whole.policies.map((one) => ({ ...one, document: { ...one.document, title: 'Mine' } })),
      }),
      'is not the text that',
    ],
    [
      'no approvals',
      (whole) => ({
        ...whole,
        bundle: {
          ...whole.bundle,
          intents: whole.bundle.intents.map((one) => ({ ...one, approvals: [] })),
        },
      }),
      'Too few people have approved this',
    ],
  ])('refuses evidence with %s in one line', async (_what, change, says) => {
    const { status, lines } = await verify(change(evidence));
    expect(status).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(says);
  });

  it('refuses evidence of another withdrawal, and other bytes of the chain', async () => {
    expect(await verify(evidence, { withdrawal: newId('withdrawal') })).toMatchObject({ status: 1 });
    const transaction = await write('other.hex', evidence.transaction.replace(/.{8}$/, '01000000'));
    const { status, lines } = await verify(evidence, { transaction });
    expect({ status, line: lines[0] }).toMatchObject({
      status: 1,
      line: expect.stringContaining('The transaction of the chain is another one') as string,
    });
  });

  it('refuses the manifest of others, and one whose hash was not published', async () => {
    const other = custody();
    const manifest = await write('other.json', signedManifest(other.house, other.manifest));
    const unknown = await verify(evidence, { manifest });
    expect(unknown).toMatchObject({ status: 1 });
    expect(unknown.lines[0]).toContain('not the first manifest that was pinned');
    const foreign = await verify(evidence, { manifest, firstHash: manifestHash(other.manifest) });
    expect(foreign.lines).toEqual([expect.stringContaining('another manifest 1')]);
  });

  it('refuses what the signer checked by a manifest that had expired', async () => {
    const expired = { ...house.manifest, expiresAt: at(-1) };
    const { statement } = evidence.signed;
    const named = { number: expired.number, hash: manifestHash(expired) };
    const signed = receiptBy(house.attesters, { ...statement, manifest: named });
    const manifest = await write('expired.json', signedManifest(house.house, expired));
    const { lines } = await verify({ ...evidence, signed }, { manifest, firstHash: named.hash });
    expect(lines).toEqual([expect.stringContaining('The manifest is not in force at this time')]);
  });
});

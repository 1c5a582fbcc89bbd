import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CRASH_POINTS, crashPoint, watchCrashPoints } from '../../src/shared/index.ts';

const SOURCES = join(import.meta.dirname, '../../src');

describe('crash points', () => {
  const texts = new Map<string, string>();

  beforeAll(async () => {
    for (const file of await readdir(SOURCES, { recursive: true })) {
      if (/\.(ts|tsx|mjs)$/.test(file)) texts.set(file, await readFile(join(SOURCES, file), 'utf8'));
    }
  });

  it('stand at one place each, and every place has a name of the list', () => {
    const placed = [...texts.values()].flatMap((text) =>
      [...text.matchAll(/\bcrashPoint\('([^']+)'\)/g)].map(([, name]) => name),
    );
    expect(placed.sort()).toEqual([...CRASH_POINTS].sort());
    expect(new Set(CRASH_POINTS).size).toBe(CRASH_POINTS.length);
  });

  it('are watched by no part of the product', () => {
    const watching = [...texts].filter(([, text]) => text.includes('watchCrashPoints')).map(([file]) => file);
    expect(watching).toEqual([join('shared', 'crash-point.ts')]);
  });

  it('do nothing unless watched', () => {
    const seen: string[] = [];
    crashPoint('ledger.committed');
    watchCrashPoints((point) => seen.push(point));
    crashPoint('ledger.committed');
    expect(seen).toEqual(['ledger.committed']);
  });
});

import { describe, expect, it } from 'vitest';
import { trilock } from '../main/support/trilock-process.ts';

interface Story {
  readonly held: boolean;
  readonly chapters: readonly {
    readonly title: string;
    readonly checks: readonly { readonly name: string; readonly held: boolean }[];
  }[];
}

const settings: Record<string, string> = {
  TRILOCK_DATA_DIRECTORY: '/nonexistent/so-that-a-fresh-one-is-made',
};

describe('the story of the custody path', () => {
  const nodes = [
    ['the embedded node', undefined] as const,
    ['Bitcoin Core', process.env['BITCOIND_BIN']] as const,
  ];

  it.each(nodes.filter(([kind, binary]) => kind === 'the embedded node' || binary !== undefined))(
    'holds from registration to reconciliation, on %s',
    async (_kind, binary) => {
      const demo = trilock(['demo', '--json'], {
        ...settings,
        ...(binary === undefined ? {} : { BITCOIND_BIN: binary }),
      });
      expect(await demo.ended, demo.output()).toBe(0);
      const story = JSON.parse(demo.output()) as Story;
      const checks = story.chapters.flatMap((chapter) => chapter.checks);
      expect(checks.filter(({ held }) => !held)).toEqual([]);
      expect(checks.length).toBeGreaterThanOrEqual(9);
      expect(story.held).toBe(true);
    },
    400_000,
  );
});

import { describe, expect, test } from 'vitest';
import { ListError } from '../../src/policy/lists-errors.ts';
import { readSanctionsFile, type PublishedList } from '../../src/policy/sanctions-file.ts';
import { ElementReader } from '../../src/policy/sanctions-xml.ts';

const ADDRESS = '12QtD5BFwRsdNsAZY76UVE1xyCGNTojH9h';

async function* pieces(text: string | Uint8Array, size = 1_000_000): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  await Promise.resolve();
}

function read(text: string | Uint8Array, size?: number): Promise<PublishedList> {
  return readSanctionsFile(pieces(text, size));
}

async function codeOf(text: string | Uint8Array, size?: number): Promise<string> {
  try {
    await read(text, size);
    return 'read';
  } catch (thrown) {
    if (!(thrown instanceof ListError)) throw thrown;
    return thrown.code;
  }
}

function id(type: string, number: string): string {
  return `<id><uid>1</uid><idType>${type}</idType><idNumber>${number}</idNumber></id>`;
}

function entry(uid: string, name: string, ...ids: string[]): string {
  return `<sdnEntry><uid>${uid}</uid><lastName>${name}</lastName><idList>${ids.join('')}</idList></sdnEntry>`;
}

function list(entries: string, date = '06/01/2026'): string {
  return `<?xml version="1.0" standalone="yes"?>
<sdnList xmlns="https://example.org/list">
  <publshInformation><Publish_Date>${date}</Publish_Date><Record_Count>1</Record_Count></publshInformation>
  ${entries}
</sdnList>
`;
}

const GOOD = list(
  entry('36', 'SMITH &amp; SONS', id('Digital Currency Address - XBT', ADDRESS), id('Passport', 'X1')) +
    entry(
      '37',
      'DOE',
      id('Digital Currency Address - ETH', '0xab'),
      id('Digital Currency Address - XBT', ` ${ADDRESS} `),
    ),
);

describe('a published list', () => {
  test('gives its bitcoin addresses with their entries, and counts those of other currencies', async () => {
    const { publishedOn, sha256, addresses, others } = await read(GOOD);
    expect(publishedOn.toISOString()).toBe('2026-06-01T00:00:00.000Z');
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(addresses).toEqual([
      { entry: '36', name: 'SMITH & SONS', address: ADDRESS },
      { entry: '37', name: 'DOE', address: ADDRESS },
    ]);
    expect(others).toBe(1);
  });

  test('reads the same in pieces of any size, cut through letters and tags', async () => {
    const text = GOOD.replace('DOE', 'Ğüneş');
    const whole = await read(text);
    for (const size of [1, 2, 3, 7, 64]) expect(await read(text, size)).toEqual(whole);
  });

  test('may be empty, and hold comments', async () => {
    expect((await read(list('<!-- <sdnEntry> none > --><x/>'))).addresses).toEqual([]);
  });
});

describe('is refused', () => {
  test.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['no XML', 'address,name\n1,2'],
    ['another document', '<html><body/></html>'],
    ['a list without a date', '<sdnList></sdnList>'],
    ['a date that there is not', list('', '02/30/2026')],
    ['a date in other words', list('', '2026-06-01')],
    ['one that is cut off', GOOD.slice(0, GOOD.length - 20)],
    ['one that is cut off in a tag', GOOD.slice(0, GOOD.lastIndexOf('<') + 4)],
    ['elements that are not nested', list('<a><b></a></b>')],
    ['an end without a beginning', '</sdnList>'],
    ['two documents', `${GOOD}<sdnList></sdnList>`],
    ['text behind the document', `${GOOD}hello`],
    ['text before the document', `hello${GOOD}`],
    ['instructions inside', list('<?php evil ?>')],
    ['a document type', `<!DOCTYPE sdnList [<!ENTITY a "aaaa">]>${GOOD}`],
    ['entities of its own', list(entry('1', '&lol;'))],
    ['an entity that never ends', list(entry('1', '& SONS'))],
    ['a letter that there is not', list(entry('1', '&#x110000;'))],
    ['the letter nought', list(entry('1', '&#0;'))],
    ['raw characters', list('<![CDATA[<sdnEntry>]]>')],
    ['a tag without a name', list('<>')],
    ['a tag with a wrong name', list('<1a/>')],
    ['too deep a nest', list('<a>'.repeat(40) + '</a>'.repeat(40))],
    ['a name of a hundred thousand letters', list(entry('1', 'x'.repeat(100_000)))],
    ['a tag that never ends', list(`<a ${'x'.repeat(100_000)}`)],
    ['a comment that never ends', list(`<!-- ${'x'.repeat(100_000)}`)],
    ['an entry without a number', list(entry('', 'DOE', id('Digital Currency Address - XBT', ADDRESS)))],
    ['what is not UTF-8', Uint8Array.from([...Buffer.from(GOOD), 0xff, 0xfe])],
    ['what ends within a letter', Uint8Array.from([...Buffer.from(GOOD), 0xc3])],
  ])('%s', async (_what, text) => {
    expect(await codeOf(text)).toBe('sanctions_file_malformed');
    expect(await codeOf(text, 4_096)).toBe('sanctions_file_malformed');
  });

  test('more addresses than is credible', async () => {
    const ids = id('Digital Currency Address - XBT', 'x').repeat(1_001);
    expect(await codeOf(list(entry('1', 'X', ids).repeat(100)))).toBe('sanctions_file_too_large');
  });

  test('a file larger than is credible, without reading it into memory', async () => {
    const piece = Buffer.from(`<a>${' '.repeat(60_000)}</a>`.repeat(16));
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('<sdnList>');
      for (;;) yield await Promise.resolve(piece);
    }
    await expect(readSanctionsFile(endless())).rejects.toMatchObject({ code: 'sanctions_file_too_large' });
  });
});

test('elements are told from the inside out, each with its own text', () => {
  const told: [string, string][] = [];
  const reader = new ElementReader((path, text) => told.push([path, text]));
  reader.push('\uFEFF<a x="1">one<b>two</b>three<c/></a>');
  reader.end();
  expect(told).toEqual([
    ['a/b', 'two'],
    ['a/c', ''],
    ['a', ''],
  ]);
});

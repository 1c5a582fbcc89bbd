import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { parseSigningBundle } from '../../intents/index.ts';
import { readDocument, writeDocument } from '../../station/index.ts';
import * as contract from '../../withdrawals/bundle-contract.ts';
import { acts } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, table, type Shown } from './output.ts';

const TXID = /^[0-9a-f]{64}$/;
/** Of the txid, in the name of a file. */
const NAME_DIGITS = 16;

/** A file for each that waits; the name is of our making, since the API's words are not trusted with our paths. */
async function fetchBundles({ api }: Connection, _options: object, directory = '.'): Promise<Shown> {
  const { items } = await api.call(contract.listAwaitedBundles, {});
  await mkdir(directory, { recursive: true });
  const files: { readonly txid: string; readonly file: string }[] = [];
  for (const { txid, bundle } of items.filter((item) => TXID.test(item.txid))) {
    const file = join(directory, `bundle-${txid.slice(0, NAME_DIGITS)}.json`);
    await writeDocument(file, bundle);
    files.push({ txid, file });
  }
  const lines = table(
    ['transaction', 'file'],
    files.map(({ txid, file }) => [txid, file]),
  );
  return { document: { files }, lines };
}

async function submit({ api }: Connection, _options: object, path = ''): Promise<Shown> {
  const body = parseSigningBundle(await readDocument(path));
  return one(await api.call(contract.submitBundle, { body }), ({ txid }) => ({ taken: txid }));
}

/** Transactions that wait for the customer's own key. */
export function registerBundles(client: Command): void {
  const group = client
    .command('bundles')
    .description('transactions of a collaborative wallet that wait for your own key');
  acts(
    group
      .command('fetch <directory>')
      .description('write each to a file, to be read and signed by `trilock customer sign`'),
    fetchBundles,
  );
  acts(group.command('submit <file>').description('hand in what you have signed'), submit);
}

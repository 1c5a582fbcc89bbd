import { join } from 'node:path';
import type { Command } from 'commander';
import {
  checkKeyTransport,
  machineWarnings,
  openStation,
  readDocument,
  returnKeys,
  writeDocument,
} from '../../station/index.ts';
import { openKeyFile } from '../terminal/key-files.ts';

interface ReturnOptions {
  readonly site: string;
  readonly innerKey: string;
  readonly outerKey: string;
  readonly innerPassphraseFile?: string;
  readonly outerPassphraseFile?: string;
  readonly out: string;
}

async function bringBack(directory: string, file: string, options: ReturnOptions): Promise<void> {
  const station = await openStation(directory);
  const asked = await checkKeyTransport(station, await readDocument(file));
  const { customer, restriction, readyAt, keys } = asked.statement;
  const lines = [
    ...(await machineWarnings()),
    `The signer asks for ${keys.length} platform keys of ${customer}, whose deep freeze ${restriction} is being lifted.`,
    `It takes them from ${readyAt} on, and nobody else can open what is written now.`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const masters = {
    inner: await openKeyFile(options.innerKey, 'inner master', options.innerPassphraseFile),
    outer: await openKeyFile(options.outerKey, 'outer master', options.outerPassphraseFile),
  };
  for (const key of await returnKeys(station, asked, options.site, masters)) {
    const path = join(options.out, `${key.wallet}.returned.json`);
    await writeDocument(path, key);
    process.stdout.write(`${path}: for trilock signer-admin return-key, on the signer’s host.\n`);
  }
}

/** `trilock station return-keys`. */
export function registerKeyReturn(station: Command): void {
  station
    .command('return-keys <directory> <transport>')
    .description(
      'seal the platform keys of a deep freeze that is being lifted to the signer that asks for them',
    )
    .requiredOption('--site <directory>', 'a copy of a backup site of the signer')
    .requiredOption('--inner-key <file>', 'key file of the signer’s master A')
    .requiredOption('--outer-key <file>', 'key file of the signer’s master B')
    .option('--inner-passphrase-file <file>', 'instead of asking')
    .option('--outer-passphrase-file <file>', 'instead of asking')
    .requiredOption('--out <directory>', 'where the files for the signer go')
    .action(bringBack);
}

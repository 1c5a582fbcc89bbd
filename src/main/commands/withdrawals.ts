import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openDatabase } from '../../database/index.ts';
import { readFreezeStatus } from '../../freeze/index.ts';
import { KeyringError } from '../../keyring/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { describeError, isDomainError, systemClock } from '../../shared/index.ts';
import { readBundleFile, writeDocument } from '../../station/index.ts';
import type { SigningBundle } from '../../intents/index.ts';
import { awaitedMoveBundles, importMoveBundle } from '../../treasury/index.ts';
import { awaitedBundles, importBundle, ownWallet, type ExchangeParts } from '../../withdrawals/index.ts';
import { manifestSource } from '../roles/manifest-source.ts';
import { trustOf } from '../roles/withdrawal-parts.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';

const COMMAND_LINE = { actor: { kind: 'process', id: 'cli' }, strength: 'process' } as const;
/** Of the txid, in the name of a file. */
const NAME_DIGITS = 8;

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function withParts(act: (parts: ExchangeParts) => Promise<void>): Promise<void> {
  const settings = loadSettings('withdrawals', process.env);
  const { TRILOCK_MANIFEST_DIRECTORY: directory, TRILOCK_FIRST_MANIFEST: first } = settings;
  const manifest = manifestSource(directory, first, settings.TRILOCK_NETWORK);
  const database = openDatabase(parsePostgresUrl(settings.DATABASE_URL), { applicationName: 'trilock cli' });
  try {
    const trust = trustOf({ database, manifest });
    await act({ database, clock: systemClock, trust, wallets: { wallet: ownWallet } });
  } finally {
    await database.$disconnect();
  }
}

function sayDamaged(id: string, thrown: unknown): void {
  say(`${id}: DAMAGED: ${describeError(thrown)}`);
  process.exitCode = 1;
}

async function write(file: string, document: unknown): Promise<void> {
  try {
    await writeDocument(file, document);
    say(file);
  } catch (thrown) {
    if (!(thrown instanceof KeyringError && thrown.code === 'file_exists')) throw thrown;
    say(`${file} is there already`);
  }
}

/** Without it, stations sign nothing. */
async function exportFreezeStatus({ database }: ExchangeParts, directory: string): Promise<void> {
  try {
    const status = await readFreezeStatus(database);
    await write(join(directory, `freeze-status-${status.statement.number}.json`), status);
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    say(`NO FREEZE STATUS: ${describeError(thrown)}`);
    process.exitCode = 1;
  }
}

async function exportBundles(directory: string): Promise<void> {
  await withParts(async (parts) => {
    await mkdir(directory, { recursive: true });
    const payouts = await awaitedBundles(parts, { onDamaged: sayDamaged });
    const moves = await awaitedMoveBundles(parts, sayDamaged);
    const awaited = [
      ...payouts.map(({ payout, ...rest }) => ({ id: payout, ...rest })),
      ...moves.map(({ move, ...rest }) => ({ id: move, ...rest })),
    ];
    for (const { id, txid, bundle } of awaited) {
      await write(join(directory, `${id}-${txid.slice(0, NAME_DIGITS)}.json`), bundle);
    }
    await exportFreezeStatus(parts, directory);
    say(`${awaited.length} waiting for a cosigner`);
  });
}

/** A bundle belongs to a move of the treasury, or to withdrawals. */
async function take(parts: ExchangeParts, bundle: SigningBundle): Promise<{ id: string; txid: string }> {
  const moved = await importMoveBundle(parts, bundle, COMMAND_LINE);
  if (moved !== undefined) return { id: moved.move, txid: moved.txid };
  const { payout, txid } = await importBundle(parts, bundle, COMMAND_LINE);
  return { id: payout, txid };
}

async function importBundles(files: readonly string[]): Promise<void> {
  await withParts(async (parts) => {
    for (const file of files) {
      try {
        const { id, txid } = await take(parts, await readBundleFile(file));
        say(`${file}: ${id}, transaction ${txid}`);
      } catch (thrown) {
        say(`${file}: REFUSED: ${describeError(thrown)}`);
        process.exitCode = 1;
      }
    }
  });
}

/** `trilock withdrawals …` */
export function registerWithdrawals(trilock: Command): void {
  const withdrawals = trilock
    .command('withdrawals')
    .description('carry bundles to the station and back')
    .addHelpText('after', settingsHelp('withdrawals'));
  withdrawals
    .command('export <directory>')
    .description(
      'write every bundle that waits for a cosigner into a directory, a file each, and the newest freeze status',
    )
    .action(exportBundles);
  withdrawals
    .command('import <files...>')
    .description('take signed bundles back; status 1 when one is refused')
    .action(importBundles);
}

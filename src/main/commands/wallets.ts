import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openDatabase, type Database } from '../../database/index.ts';
import { writeNewFile } from '../../keyring/index.ts';
import { LedgerClient } from '../../ledger/client/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { parseId, systemClock } from '../../shared/index.ts';
import { readDocument } from '../../station/index.ts';
import {
  COMMAND_LINE,
  explainAddress,
  importPool,
  issueRecoveryKit,
  keepEscrow,
  lowPools,
  poolLevels,
  readStationRegistration,
  readWallet,
  reconcileWallet,
  requestTreasury,
} from '../../wallets/index.ts';
import { ledgerAddress } from '../roles/ledger-address.ts';
import { manifestSource } from '../roles/manifest-source.ts';
import { loadSettings, settingsHelp, type SettingsOf } from '../settings/index.ts';

type Settings = SettingsOf<'wallets'>;

function print(document: unknown): void {
  const text = (_name: string, value: unknown): unknown =>
    typeof value === 'bigint' ? value.toString() : value;
  process.stdout.write(`${JSON.stringify(document, text, 2)}\n`);
}

async function withDatabase(act: (database: Database, settings: Settings) => Promise<void>): Promise<void> {
  const settings = loadSettings('wallets', process.env);
  const database = openDatabase(parsePostgresUrl(settings.DATABASE_URL), { applicationName: 'trilock cli' });
  try {
    await act(database, settings);
  } finally {
    await database.$disconnect();
  }
}

function openLedger(settings: Settings): LedgerClient {
  return new LedgerClient({ addresses: [ledgerAddress(settings.TRILOCK_LEDGER_SOCKET)] });
}

async function poolImport(file: string): Promise<void> {
  const pool = await readDocument(file);
  return withDatabase(async (database, settings) => {
    const { TRILOCK_MANIFEST_DIRECTORY: directory, TRILOCK_FIRST_MANIFEST: first } = settings;
    const manifest = await manifestSource(directory, first, settings.TRILOCK_NETWORK)();
    const parts = { database, clock: systemClock };
    print(await importPool(parts, pool, manifest, COMMAND_LINE));
  });
}

function poolStatus(): Promise<void> {
  return withDatabase(async (database, { TRILOCK_NETWORK: network }) => {
    const levels = await poolLevels(database, network);
    const low = lowPools(levels);
    print({ ...levels, low });
    if (low.length > 0) process.exitCode = 1;
  });
}

interface TreasuryOptions {
  readonly label?: string;
  readonly hot?: true;
}

function openTreasury({ label, hot }: TreasuryOptions): Promise<void> {
  return withDatabase(async (database, settings) => {
    const ledger = openLedger(settings);
    try {
      const parts = { database, ledger, clock: systemClock, network: settings.TRILOCK_NETWORK };
      const plan = hot === true ? 'treasury_hot' : 'custodial';
      const name = label ?? (hot === true ? 'hot treasury' : 'treasury');
      const { id, state } = await requestTreasury(parts, name, COMMAND_LINE, plan);
      print({ id, state });
    } finally {
      ledger.close();
    }
  });
}

function reconcile(wallet: string): Promise<void> {
  return withDatabase(async (database, settings) => {
    const ledger = openLedger(settings);
    try {
      const both = await reconcileWallet(database, ledger, parseId('wallet', wallet));
      print(both);
      if (both.difference !== 0n) process.exitCode = 1;
    } finally {
      ledger.close();
    }
  });
}

async function escrow(file: string): Promise<void> {
  const document = await readDocument(file);
  await withDatabase(async (database) => {
    const kept = await keepEscrow({ database, clock: systemClock }, document, COMMAND_LINE);
    const { wallet, lock, agent } = kept;
    print({ wallet, lock, agent });
  });
}

async function recoveryKit(id: string, { out }: { readonly out: string }): Promise<void> {
  await withDatabase(async (database) => {
    const wallet = await readWallet(database, parseId('wallet', id));
    const { kit, pdf } = await issueRecoveryKit({ database, clock: systemClock }, wallet, COMMAND_LINE);
    await mkdir(out, { recursive: true });
    const files = [
      { name: 'kit.json', content: Buffer.from(`${JSON.stringify(kit, null, 2)}\n`) },
      { name: 'recovery-kit.pdf', content: pdf },
    ];
    for (const { name, content } of files) {
      await writeNewFile(join(out, name), content);
      process.stdout.write(`${join(out, name)}\n`);
    }
  });
}

/** `trilock pool …` */
export function registerPool(trilock: Command): void {
  const pool = trilock
    .command('pool')
    .description('the public halves of the cold and backup keys that wallets take')
    .addHelpText('after', settingsHelp('wallets'));
  pool
    .command('import <file>')
    .description('take in keys that a station made; every attestation and proof is checked, all or none')
    .action(poolImport);
  pool
    .command('status')
    .description('how many keys are left; status 1 when a pool is low')
    .action(poolStatus);
}

/** `trilock wallets …` */
export function registerWallets(trilock: Command): void {
  const wallets = trilock
    .command('wallets')
    .description('the institution’s side of wallets')
    .addHelpText('after', settingsHelp('wallets'));
  wallets
    .command('open-treasury')
    .description(
      'ask for the institution’s treasury wallet, which backs spending balances; the worker opens it',
    )
    .option('--hot', 'the capped wallet that two signers spend without a station')
    .option('--label <name>', 'a name for people')
    .action(openTreasury);
  wallets
    .command('registration <wallet>')
    .description('print what stations pin: the registration with the signer’s receipt')
    .action((wallet: string) =>
      withDatabase(async (database) => {
        print(await readStationRegistration(database, parseId('wallet', wallet)));
      }),
    );
  wallets
    .command('verify-address <address>')
    .description('say of which wallet an address is, where it derives, and from which keys')
    .action((address: string) =>
      withDatabase(async (database) => {
        const {
          wallet,
          address: given,
          keys,
          witnessScript,
        } = await explainAddress(database, address, 'anybody');
        const { id, customerId, descriptor } = wallet;
        print({
          wallet: id,
          customerId,
          descriptor,
          index: given.index,
          creditedTo: given.customerId,
          keys,
          witnessScript,
        });
      }),
    );
  wallets
    .command('recovery-kit <wallet>')
    .description('write its recovery kit, for programs and for paper; the customer is told')
    .requiredOption('--out <directory>', 'where kit.json and recovery-kit.pdf go')
    .action(recoveryKit);
  wallets
    .command('escrow <file>')
    .description('keep what `trilock station escrow-seed` made: from now on the wallet’s kits carry it')
    .action(escrow);
  wallets
    .command('reconcile <wallet>')
    .description('compare its books with its coins, to the satoshi; status 1 when they differ')
    .action(reconcile);
}

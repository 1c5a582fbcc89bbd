import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { connectRegtestControl, type RegtestControl } from '../../chain/index.ts';
import { formatBitcoin, parseSatoshis, SharedError } from '../../shared/index.ts';
import { loadSettings } from '../settings/index.ts';
import { institutionPlaces, readInstitution } from './institution.ts';
import { readSandboxFacts, type SandboxFacts } from './sandbox-facts.ts';

const CHECKOUT = resolve(import.meta.dirname, '../../..');
const MAX_BLOCKS = 1_000;

interface Place {
  readonly directory: string;
  readonly facts: SandboxFacts;
}

/** The sandbox of the data directory. @throws SharedError `config_invalid` when there never was one. */
async function place(): Promise<Place> {
  const directory = loadSettings('sandbox', process.env).TRILOCK_DATA_DIRECTORY ?? join(CHECKOUT, '.trilock');
  const facts = await readSandboxFacts(directory);
  if (facts !== undefined) return { directory, facts };
  throw new SharedError('config_invalid', `There is no sandbox in ${directory}: start one with npm start.`);
}

async function chain(): Promise<RegtestControl> {
  const { facts } = await place();
  return connectRegtestControl(facts.nodeUrl, { cookieFile: facts.nodeCookieFile });
}

async function pay(address: string, amount: string): Promise<void> {
  const { txid, vout, satoshis } = await (await chain()).fund(address, parseSatoshis(amount));
  process.stdout.write(`Paid ${formatBitcoin(satoshis)} in ${txid}:${vout}; mine to confirm it.\n`);
}

async function mine(blocks: string): Promise<void> {
  const count = /^[0-9]{1,4}$/.test(blocks) ? Number(blocks) : 0;
  if (count < 1 || count > MAX_BLOCKS) {
    throw new SharedError('config_invalid', `Blocks are a whole number from 1 to ${MAX_BLOCKS}.`);
  }
  const mined = await (await chain()).mine(count);
  process.stdout.write(`Mined ${mined.length}, up to ${mined.at(-1) ?? ''}.\n`);
}

/** In single quotes, as POSIX shells take any text. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function environment(): Promise<void> {
  const { directory, facts } = await place();
  const places = institutionPlaces(directory);
  const { firstManifestHash } = await readInstitution(places);
  const settings = {
    TRILOCK_URL: facts.url,
    TRILOCK_NETWORK: 'regtest',
    DATABASE_URL: facts.appDatabaseUrl,
    TRILOCK_LEDGER_SOCKET: facts.ledgerSocket,
    TRILOCK_SIGNER_SOCKET: facts.signerSocket,
    TRILOCK_MANIFEST_DIRECTORY: places.manifests,
    TRILOCK_FIRST_MANIFEST: firstManifestHash,
  };
  for (const [name, value] of Object.entries(settings)) {
    process.stdout.write(`export ${name}=${quoted(value)}\n`);
  }
}

/** `trilock sandbox pay|mine|env`: the world around a running sandbox. */
export function registerRegtestCommands(sandbox: Command): void {
  sandbox
    .command('pay <address> <satoshis>')
    .description('pay an address out of the faucet of the running sandbox')
    .action(pay);
  sandbox.command('mine <blocks>').description('mine blocks on the running sandbox').action(mine);
  sandbox
    .command('env')
    .description('print the settings with which other commands reach the running sandbox, for a shell')
    .action(environment);
}

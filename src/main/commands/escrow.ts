import type { Command } from 'commander';
import { z } from 'zod';
import { parseMasterLockRegistration } from '../../intents/index.ts';
import {
  fingerprintWords,
  keyIdOf,
  parseMasterPublicKey,
  type MasterPrivateKey,
  type Masters,
} from '../../keyring/index.ts';
import { readKit } from '../../recovery/index.ts';
import { SharedError } from '../../shared/index.ts';
import {
  escrowSeed,
  machineWarnings,
  openAsAgent,
  openStation,
  readDocument,
  writeDocument,
} from '../../station/index.ts';
import { openKeyFile, readText } from '../terminal/key-files.ts';

function say(...lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

/** Of the API's answer about a lock, what the customer has signed. */
const lockDocument = z.object({ registration: z.record(z.string(), z.unknown()) });

interface SeedOptions {
  readonly lock: string;
  readonly agentKey: string;
  readonly agentName: string;
  readonly innerKey: string;
  readonly outerKey: string;
  readonly innerPassphraseFile?: string;
  readonly outerPassphraseFile?: string;
  readonly out: string;
}

async function seed(directory: string, wallet: string, options: SeedOptions): Promise<void> {
  const parsed = lockDocument.safeParse(await readDocument(options.lock));
  if (!parsed.success) throw new SharedError('config_invalid', `${options.lock} is not a registered lock.`);
  const registration = parseMasterLockRegistration(parsed.data.registration);
  const key = parseMasterPublicKey(await readText(options.agentKey));
  const station = await openStation(directory);
  say(...(await machineWarnings()));
  say(
    `The escrow agent ${options.agentName} has the key`,
    `  ${fingerprintWords(key.fingerprint)}`,
    'Compare these words with the agent before the envelope leaves this room.',
  );
  const masters: Masters<MasterPrivateKey> = {
    inner: await openKeyFile(options.innerKey, 'the inner master', options.innerPassphraseFile),
    outer: await openKeyFile(options.outerKey, 'the outer master', options.outerPassphraseFile),
  };
  const agent = { name: options.agentName, key };
  await writeDocument(options.out, await escrowSeed(station, { wallet, registration, agent }, masters));
  say(
    `The cold seed of ${wallet}, sealed to the lock ${registration.statement.id} and around that to ${agent.name}: ${options.out}`,
    'Next, online: trilock wallets escrow',
  );
}

interface OpenOptions {
  readonly key: string;
  readonly passphraseFile?: string;
  readonly out: string;
}

/** The agent's part, from the kit alone. */
async function open(kitFile: string, { key: keyFile, passphraseFile, out }: OpenOptions): Promise<void> {
  const { kit } = await readKit(await readDocument(kitFile));
  const cold = kit.keys.find(({ role }) => role === 'cold');
  const item = kit.envelopes?.items.find(({ role }) => role === 'cold');
  if (cold === undefined || item === undefined) {
    throw new SharedError('config_invalid', 'The kit carries no cold seed in escrow.');
  }
  say(
    `The kit of ${kit.wallet}, a wallet of ${kit.customer ?? 'the institution'} on ${kit.network}.`,
    `You open the outer envelope around its cold key ${item.fingerprint}; the inner one is opened by ${item.innerHolder}.`,
    'Hand the result to nobody but the customer whom you have recognised.',
  );
  const key = await openKeyFile(keyFile, 'your key', passphraseFile);
  const envelope = {
    purpose: 'escrow envelope' as const,
    version: 1 as const,
    network: kit.network,
    wallet: kit.wallet,
    keyId: keyIdOf(cold.xpub),
    fingerprint: item.fingerprint,
    blob: item.blob,
  };
  await writeDocument(out, openAsAgent(envelope, key));
  say(`The inner envelope, for the customer: ${out}.`);
}

/** `trilock station escrow-seed`: the cold station's part. */
export function registerEscrowSeed(station: Command): void {
  station
    .command('escrow-seed <directory> <wallet>')
    .description(
      'wrap the cold seed of a collaborative wallet to the customer’s master lock and an escrow agent',
    )
    .requiredOption('--lock <file>', 'what `trilock client locks show --out` wrote')
    .requiredOption('--agent-key <file>', 'public half of the escrow agent’s key, PEM')
    .requiredOption('--agent-name <text>', 'who the agent is, for people')
    .requiredOption('--inner-key <file>', 'key file of master A')
    .requiredOption('--outer-key <file>', 'key file of master B')
    .requiredOption('--out <file>', 'where the envelope goes')
    .option('--inner-passphrase-file <file>', 'instead of asking')
    .option('--outer-passphrase-file <file>', 'instead of asking')
    .action(seed);
}

/** `trilock escrow`: the escrow agent's tool, on the agent's own machine. */
export function registerEscrow(trilock: Command): void {
  trilock
    .command('escrow')
    .description('the escrow agent’s tool; needs no network')
    .command('open <kit>')
    .description(
      'open your envelope in a customer’s recovery kit; the inner one stays sealed to their master lock',
    )
    .requiredOption('--key <file>', 'your key file')
    .requiredOption('--out <file>', 'where the inner envelope goes')
    .option('--passphrase-file <file>', 'instead of asking')
    .action(open);
}

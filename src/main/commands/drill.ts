import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { openDatabase } from '../../database/index.ts';
import {
  drillStatus,
  planDrill,
  planDrillOf,
  recordDrill,
  writeDrills,
  type DrillParts,
} from '../../drills/index.ts';
import { COSIGNER_ROLES } from '../../intents/index.ts';
import { MAX_ENVELOPE_BYTES, readRegularFile, type MasterPrivateKey } from '../../keyring/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import {
  answerByCustomer,
  answerByDevice,
  answerDrill,
  deviceTasks,
  parseDrillAnswer,
  parseDrillRequest,
} from '../../recovery/index.ts';
import { parseId, systemClock } from '../../shared/index.ts';
import {
  openCustomerKey,
  parseCustomerKeyFile,
  readDocument,
  readSignedText,
  writeDocument,
} from '../../station/index.ts';
import { COMMAND_LINE } from '../../wallets/index.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';
import { openKeyFile, readText, withPassphrase } from '../terminal/key-files.ts';
import { progress } from '../terminal/progress.ts';
import { disasterKeyOf, shareOptions } from './share-files.ts';

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

function count(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 to 9999');
  return Number(text);
}

function drilledRole(text: string): string {
  if (!(COSIGNER_ROLES as readonly string[]).includes(text))
    throw new InvalidArgumentError('cold, backup or platform');
  return text;
}

async function withParts(act: (parts: DrillParts) => Promise<void>): Promise<void> {
  const settings = loadSettings('wallets', process.env);
  const database = openDatabase(parsePostgresUrl(settings.DATABASE_URL), { applicationName: 'trilock cli' });
  try {
    const { TRILOCK_NETWORK: network, TRILOCK_DRILL_LIMIT_DAYS: limitDays } = settings;
    await act({ database, clock: systemClock, network, limitDays });
  } finally {
    await database.$disconnect();
  }
}

interface PlanOptions {
  readonly count: number;
  readonly wallet?: string;
  readonly out: string;
}

async function plan({ count: wanted, wallet, out }: PlanOptions): Promise<void> {
  await withParts(async (parts) => {
    const request =
      wallet === undefined
        ? await planDrill(parts, wanted, COMMAND_LINE)
        : await planDrillOf(parts, parseId('wallet', wallet), COMMAND_LINE);
    if (request === null) say('There is no open wallet: nothing to drill.');
    else {
      await writeDocument(out, request);
      say(`Drill ${request.drill} of ${request.wallets.length} wallets is in ${out}.`);
    }
  });
}

async function fetchDrills(directory: string): Promise<void> {
  await withParts(async (parts) => {
    const paths = await writeDrills(parts, directory);
    say(...paths, `${paths.length} drills that nobody had fetched.`);
  });
}

interface ProveOptions {
  readonly site: string;
  readonly name: string;
  readonly role: string;
  readonly master?: string[];
  readonly masterPassphraseFile?: string[];
  readonly share?: string[];
  readonly sharePassphraseFile?: string[];
  readonly out: string;
}

/** The copy for the disaster key lies beside the one for two masters. */
function copyName(name: string, byShares: boolean): string {
  return byShares ? name.replace(/\.envelope$/, '.disaster') : name;
}

async function prove(file: string, options: ProveOptions): Promise<void> {
  const request = parseDrillRequest(await readDocument(file));
  const masters: MasterPrivateKey[] = [];
  for (const [position, path] of (options.master ?? []).entries()) {
    masters.push(await openKeyFile(path, `the master ${path}`, options.masterPassphraseFile?.[position]));
  }
  const byShares = options.share !== undefined;
  const disaster = byShares ? { disaster: await disasterKeyOf(options) } : {};
  const { role } = options;
  const wrapped = request.wallets.flatMap((wallet) => wallet.keys).filter((key) => key.wrappedCopy !== null);
  const keys = wrapped.filter((key) => key.role === role).length;
  const tools = {
    role,
    masters,
    ...disaster,
    readCopy: (name: string) =>
      readRegularFile(join(options.site, copyName(name, byShares)), { maxBytes: MAX_ENVELOPE_BYTES }),
    onKey: progress('Keys restored and proved', keys),
  };
  const answer = await answerDrill(request, tools, options.name, systemClock.nowMs());
  await writeDocument(options.out, answer);
  say(`${answer.proofs.length} of ${keys} ${role} keys signed for their addresses: ${options.out}`);
  for (const { wallet, xpub, code } of answer.failures) {
    say(`FAILED ${wallet} ${xpub}: ${code}`);
    process.exitCode = 1;
  }
}

interface DeviceOptions {
  readonly role: string;
  readonly wallet?: string;
  readonly signed?: string;
  readonly name?: string;
  readonly out?: string;
}

async function device(file: string, options: DeviceOptions): Promise<void> {
  const request = parseDrillRequest(await readDocument(file));
  const { role, wallet, signed, name, out } = options;
  if (wallet === undefined || signed === undefined || name === undefined || out === undefined) {
    const tasks = deviceTasks(request, role);
    for (const task of tasks) say(`${task.wallet}, by the device’s key at ${task.path}:`, `  ${task.text}`);
    say(`${tasks.length} texts to sign; give --wallet, --signed, --name and --out for each.`);
    return;
  }
  const signature = readSignedText(await readText(signed));
  await writeDocument(out, answerByDevice(request, { role, wallet, signature }, name, systemClock.nowMs()));
  say(`The device signed for its address: ${out}`);
}

interface OwnOptions {
  readonly key: string;
  readonly passphraseFile?: string;
  readonly out: string;
}

async function own(file: string, options: OwnOptions): Promise<void> {
  const request = parseDrillRequest(await readDocument(file));
  const sealed = parseCustomerKeyFile(await readDocument(options.key));
  const answer = await withPassphrase('your key', { file: options.passphraseFile }, (passphrase) => {
    const entropy = openCustomerKey(sealed, passphrase);
    try {
      return answerByCustomer(request, entropy, 'the customer', systemClock.nowMs());
    } finally {
      entropy.fill(0);
    }
  });
  await writeDocument(options.out, answer);
  say(`Your key signed for an address of your wallet, moving no money: ${options.out}`);
}

async function record(file: string): Promise<void> {
  const answer = parseDrillAnswer(await readDocument(file));
  await withParts(async (parts) => {
    const { proved, known, failed } = await recordDrill(parts, answer, COMMAND_LINE);
    say(`${proved} proofs recorded, ${known} known before, ${failed.length} failures.`);
    if (failed.length > 0) process.exitCode = 1;
  });
}

async function status(): Promise<void> {
  await withParts(async (parts) => {
    const { wallets, overdue, unanswered, oldest } = await drillStatus(parts);
    say(
      `${wallets} wallets; ${overdue} were not proved for more than ${parts.limitDays} days.`,
      `${unanswered} drills wait for an answer.`,
      ...(oldest === null
        ? []
        : [`The one that waits longest was proved or opened at ${oldest.toISOString()}.`]),
    );
    if (overdue > 0) process.exitCode = 1;
  });
}

/** `trilock drill …`: prove again and again that wrapped keys can be restored and sign, without moving money. */
export function registerDrill(trilock: Command): void {
  const drill = trilock
    .command('drill')
    .description(
      'recovery drills: restore wrapped keys from a backup site and have them sign, moving no money',
    )
    .addHelpText('after', settingsHelp('wallets'));
  drill
    .command('plan')
    .description('draw wallets, those proved longest ago first, and write what is carried to the sites')
    .option('--count <number>', 'how many wallets', count, 10)
    .option(
      '--wallet <wallet>',
      'this wallet alone: may be handed to its customer, who answers by `drill own`',
    )
    .requiredOption('--out <file>', 'where the request goes')
    .action(plan);
  drill
    .command('fetch <directory>')
    .description('write the drills that the worker has planned and nobody has fetched')
    .action(fetchDrills);
  shareOptions(drill.command('prove <request>'))
    .description(
      'offline, at a backup site: restore the keys of one role and let them sign; status 1 on failures',
    )
    .requiredOption('--site <directory>', 'the backup site from which copies are restored')
    .requiredOption('--name <name>', 'what the site is called in the record')
    .requiredOption('--role <role>', 'whose copies the site has: cold, backup or platform', drilledRole)
    .option('--master <files...>', 'key files of the two masters, in any order')
    .option('--master-passphrase-file <files...>', 'in the order of the masters, instead of asking')
    .requiredOption('--out <file>', 'where the answer goes')
    .action(prove);
  drill
    .command('device <request>')
    .description('say what hardware wallets are to sign, or make an answer of what one has signed')
    .requiredOption('--role <role>', 'whose devices: cold or backup', drilledRole)
    .option('--wallet <wallet>', 'for which wallet it signed')
    .option('--signed <file>', 'what it has written')
    .option('--name <name>', 'what its place is called in the record')
    .option('--out <file>', 'where the answer goes')
    .action(device);
  drill
    .command('own <request>')
    .description('customers: prove that your own key file opens and signs for your wallet')
    .requiredOption('--key <file>', 'your sealed key')
    .requiredOption('--out <file>', 'where the answer goes; give it to the institution')
    .option('--passphrase-file <file>', 'instead of asking')
    .action(own);
  drill
    .command('record <answer>')
    .description('verify the signatures of an answer and record them for good')
    .action(record);
  drill
    .command('status')
    .description('which share of wallets was proved in time; status 1 when some were not')
    .action(status);
}

import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { serializePsbt, type Psbt } from '../../bitcoin/index.ts';
import { connectNode, type ChainNode } from '../../chain/index.ts';
import { writeNewFile } from '../../keyring/index.ts';
import {
  checkSweep,
  completeSweeps,
  DEFAULT_GAP_LIMIT,
  findCoins,
  kitPdf,
  openRecoveryKey,
  planSweep,
  signSweep,
  type CheckedKit,
  type FoundCoins,
  type KeyMaterial,
} from '../../recovery/index.ts';
import {
  addSatoshis,
  formatBitcoin,
  parseFeeRate,
  satoshis,
  systemClock,
  type FeeRate,
} from '../../shared/index.ts';
import {
  confirmAmount,
  keyOptions,
  keysFrom,
  kitFrom,
  kitOptions,
  nodeConnection,
  nodeOptions,
  psbtFrom,
  type KeyOptions,
  type KitOptions,
  type NodeOptions,
} from './recovery-inputs.ts';

/** Blocks within which a sweep should confirm when nobody names a fee rate. */
const TARGET_BLOCKS = 6;

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

function wholeNumber(text: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 to 999999');
  return Number(text);
}

function height(text: string): number {
  if (!/^(0|[1-9][0-9]{0,7})$/.test(text)) throw new InvalidArgumentError('the height of a block');
  return Number(text);
}

interface SearchOptions extends KitOptions, NodeOptions {
  readonly gapLimit: number;
  readonly from?: number;
  readonly blocks?: boolean;
}

async function withNode<T>(options: NodeOptions, act: (node: ChainNode) => Promise<T>): Promise<T> {
  const node = connectNode(await nodeConnection(options));
  try {
    return await act(node);
  } finally {
    node.close();
  }
}

async function search(checked: CheckedKit, node: ChainNode, options: SearchOptions): Promise<FoundCoins> {
  const found = await findCoins({
    descriptor: checked.descriptor,
    node,
    outputs: options.blocks === true ? null : await nodeConnection(options),
    birthHeight: options.from ?? checked.kit.birth.height,
    gapLimit: options.gapLimit,
    clock: systemClock,
  });
  const { coins, tip, window, searched, immature } = found;
  const total = addSatoshis(satoshis(0n), ...coins.map(({ value }) => value));
  say(
    `Searched the ${searched} up to block ${tip.height}: ${window.receive} receive and ${window.change} change addresses.`,
    `Found ${coins.length} coins, ${formatBitcoin(total)}.`,
    ...coins.map(
      ({ outpoint, value, position }) =>
        `  ${formatBitcoin(value)} at ${position.branch} address ${position.index}, ${outpoint}`,
    ),
    ...(immature > 0 ? [`${immature} newly mined coins cannot be spent yet.`] : []),
  );
  return found;
}

async function check(file: string, options: KitOptions): Promise<void> {
  const { kit, keyNames } = await kitFrom(file, options);
  say(
    `The kit of ${kit.wallet} (${kit.plan}, ${kit.network}) is whole and its parts belong together.`,
    options.manifest === undefined
      ? 'Where its keys come from was not checked: give --manifest and --first-hash for that.'
      : 'Its keys and its registration are attested by the institution’s manifest.',
    ...keyNames.map((name, position) => `  ${name}: ${kit.keys[position]?.howObtained ?? ''}`),
    'Two of them recover the coins:',
    ...kit.recoverableBy.map(({ keys, who }) => `  ${keys.join(' and ')}: ${who}`),
    `First address: ${kit.firstAddresses.receive[0]?.address ?? ''}`,
  );
}

async function files(file: string, options: KitOptions & { readonly out: string }): Promise<void> {
  const checked = await kitFrom(file, options);
  await mkdir(options.out, { recursive: true });
  const pdf = { name: 'recovery-kit.pdf', content: await kitPdf(checked) };
  for (const { name, content } of [...checked.kit.importFiles, pdf]) {
    const path = join(options.out, name);
    await writeNewFile(path, Buffer.from(content));
    say(path);
  }
}

async function find(file: string, options: SearchOptions): Promise<void> {
  const checked = await kitFrom(file, options);
  await withNode(options, (node) => search(checked, node, options));
}

interface SweepOptions extends SearchOptions {
  readonly to: string;
  readonly feeRate?: FeeRate;
}

async function plan(checked: CheckedKit, node: ChainNode, options: SweepOptions): Promise<readonly Psbt[]> {
  const found = await search(checked, node, options);
  const { header } = await node.header(found.tip.hash);
  const psbts = planSweep(checked, found, {
    to: options.to,
    feeRate: options.feeRate ?? (await node.feeEstimate(TARGET_BLOCKS)).feeRate,
    nowMs: systemClock.nowMs(),
    tipTimeMs: header.time * 1_000,
  });
  for (const psbt of psbts) say('', ...checkSweep(checked, psbt, options.to).lines);
  return psbts;
}

async function writePsbt(directory: string, name: string, psbt: Psbt): Promise<void> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, name);
  await writeNewFile(path, serializePsbt(psbt));
  say(path);
}

async function sweep(file: string, options: SweepOptions & { readonly out: string }): Promise<void> {
  const checked = await kitFrom(file, options);
  const psbts = await withNode(options, (node) => plan(checked, node, options));
  for (const [position, psbt] of psbts.entries()) {
    await writePsbt(options.out, `sweep-${position + 1}.psbt`, psbt);
  }
}

function signWith(
  checked: CheckedKit,
  psbts: readonly Psbt[],
  to: string,
  materials: readonly KeyMaterial[],
): readonly Psbt[] {
  return materials.reduce<readonly Psbt[]>((signed, material) => {
    const key = openRecoveryKey(checked, material);
    try {
      return signed.map((psbt) => signSweep(checked, psbt, to, [key]));
    } finally {
      key.erase();
      if (material.kind === 'entropy') material.entropy.fill(0);
    }
  }, psbts);
}

/** Shows each transaction and has its amount confirmed. */
async function confirmEach(
  checked: CheckedKit,
  psbts: readonly Psbt[],
  { to, confirm }: { readonly to: string; readonly confirm?: string[] },
): Promise<void> {
  for (const [position, psbt] of psbts.entries()) {
    const { lines, paid, fee } = checkSweep(checked, psbt, to);
    say(...lines);
    await confirmAmount(paid + (fee ?? 0n), confirm?.[position]);
  }
}

interface SignOptions extends KitOptions, KeyOptions {
  readonly to: string;
  readonly out: string;
  readonly confirm?: string[];
}

async function sign(file: string, psbtFiles: readonly string[], options: SignOptions): Promise<void> {
  const checked = await kitFrom(file, options);
  const psbts: Psbt[] = [];
  for (const path of psbtFiles) psbts.push(await psbtFrom(path));
  await confirmEach(checked, psbts, options);
  const signed = signWith(checked, psbts, options.to, await keysFrom(checked, options));
  for (const [position, psbt] of signed.entries()) {
    const name = basename(psbtFiles[position] ?? '', '.psbt');
    await writePsbt(options.out, `${name}.signed.psbt`, psbt);
  }
}

async function send(checked: CheckedKit, node: ChainNode, psbts: readonly Psbt[], to: string): Promise<void> {
  for (const { bytes, fee, virtualBytes } of completeSweeps(checked, psbts, to)) {
    const { txid, outcome } = await node.broadcast(bytes);
    say(`${txid}: ${outcome.replaceAll('_', ' ')}, ${virtualBytes} vB, fee ${formatBitcoin(fee)}`);
  }
}

async function broadcast(
  file: string,
  psbtFiles: readonly string[],
  options: KitOptions & NodeOptions & { readonly to: string },
): Promise<void> {
  const checked = await kitFrom(file, options);
  const psbts: Psbt[] = [];
  for (const path of psbtFiles) psbts.push(await psbtFrom(path));
  await withNode(options, (node) => send(checked, node, psbts, options.to));
}

type RunOptions = SweepOptions & KeyOptions & { readonly confirm?: string[] };

async function run(file: string, options: RunOptions): Promise<void> {
  const checked = await kitFrom(file, options);
  await withNode(options, async (node) => {
    const psbts = await plan(checked, node, options);
    await confirmEach(checked, psbts, options);
    const keys = await keysFrom(checked, options);
    await send(checked, node, signWith(checked, psbts, options.to, keys), options.to);
  });
}

function searchOptions(command: Command): Command {
  return nodeOptions(kitOptions(command))
    .option('--gap-limit <number>', 'how far beyond the last used address', wholeNumber, DEFAULT_GAP_LIMIT)
    .option('--from <height>', 'first block looked at, instead of the kit’s', height)
    .option('--blocks', 'look through the blocks even when the node can search its unspent outputs');
}

function sweepOptions(command: Command): Command {
  return searchOptions(command)
    .requiredOption('--to <address>', 'where everything goes')
    .option('--fee-rate <rate>', 'sat/vB, instead of the node’s estimate', parseFeeRate);
}

const CONFIRM = 'last digits of what leaves, for each transaction, instead of asking';

/** `trilock recover …`: a wallet's coins from its kit and two keys, against any node, with no server of ours. */
export function registerRecover(trilock: Command): void {
  const recover = trilock
    .command('recover')
    .description('recover a wallet from its kit and two keys, with every server gone');
  kitOptions(recover.command('check <kit>'))
    .description('check a kit and say which keys it needs; opens no connection')
    .action(check);
  kitOptions(recover.command('files <kit>'))
    .description('write the kit as PDF, and the files that other wallets import')
    .requiredOption('--out <directory>', 'where the files go')
    .action(files);
  searchOptions(recover.command('find <kit>')).description('find the wallet’s coins').action(find);
  sweepOptions(recover.command('sweep <kit>'))
    .description('find the coins and write PSBTs that pay all of them to one address')
    .option('--out <directory>', 'where the PSBTs go', '.')
    .action(sweep);
  keyOptions(kitOptions(recover.command('sign <kit> <psbts...>')))
    .description('check, show, ask and sign with one key or more; opens no connection')
    .requiredOption('--to <address>', 'where everything is to go')
    .option('--out <directory>', 'where the signed PSBTs go', '.')
    .option('--confirm <digits...>', CONFIRM)
    .action(sign);
  nodeOptions(kitOptions(recover.command('broadcast <kit> <psbts...>')))
    .description('put signed PSBTs together, complete and broadcast them')
    .requiredOption('--to <address>', 'where everything is to go')
    .action(broadcast);
  keyOptions(sweepOptions(recover.command('run <kit>')))
    .description('all of it on one machine: find, show, ask, sign and broadcast')
    .option('--confirm <digits...>', CONFIRM)
    .action(run);
}

import type { Command } from 'commander';
import type { MasterPrivateKey, Masters } from '../../keyring/index.ts';
import {
  checkBackups,
  disasterSource,
  machineWarnings,
  nestedSource,
  openStation,
  replaceSite,
  restoreSite,
  rewrapKeys,
  StationError,
  unlockStation,
  type KeySource,
  type SiteReport,
  type Station,
  type TrustTexts,
} from '../../station/index.ts';
import { openKeyFile, readText, withPassphrase } from '../terminal/key-files.ts';
import { progress } from '../terminal/progress.ts';
import { disasterKeyOf, type ShareOptions } from './share-files.ts';

function say(...lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

function siteLines({ site, manifest, faults }: SiteReport): string[] {
  if (faults.length === 0) return [`${site} is whole (manifest ${manifest ?? 0}).`];
  return [`${site} is NOT whole:`, ...faults.map(({ name, fault }) => `  ${name}: ${fault}`)];
}

async function verifyBackups(directory: string): Promise<void> {
  const { manifest, sites } = await checkBackups(await openStation(directory));
  say(`Backup manifest ${manifest.number}: ${manifest.blobs.length} blobs.`, ...sites.flatMap(siteLines));
  if (sites.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
}

interface RestoreOptions {
  readonly from: string;
  readonly to: string;
  readonly insteadOf?: string;
}

async function restore(directory: string, { from, to, insteadOf }: RestoreOptions): Promise<void> {
  let station = await openStation(directory);
  const { kept, written, setAside } = await restoreSite(station, from, to);
  say(`${to}: ${kept} blobs were sound, ${written} were written and read back.`);
  if (setAside.length > 0) say(`Damaged ones are kept in ${to}/damaged: ${setAside.join(', ')}`);
  if (insteadOf === undefined) return;
  station = await replaceSite(station, insteadOf, to);
  say(`The station’s sites are now: ${station.sites.join(', ')}`);
}

export interface TargetOptions {
  readonly newInnerMaster: string;
  readonly newOuterMaster: string;
  readonly newDisasterKey?: string;
  readonly passphraseFile?: string;
}

export async function targetOf(options: TargetOptions): Promise<TrustTexts> {
  const masters = {
    inner: await readText(options.newInnerMaster),
    outer: await readText(options.newOuterMaster),
  };
  if (options.newDisasterKey === undefined) return { masters };
  return { masters, disaster: await readText(options.newDisasterKey) };
}

async function rewrapFrom(
  station: Station,
  options: TargetOptions,
  openSource: () => Promise<KeySource>,
): Promise<Station> {
  say(...(await machineWarnings()));
  const attestationKey = await withPassphrase(
    'this station',
    { file: options.passphraseFile },
    (passphrase) => unlockStation(station, passphrase),
  );
  const total = (await checkBackups(station)).manifest.blobs.filter(({ name }) =>
    name.endsWith('.envelope'),
  ).length;
  const onKey = progress('Keys wrapped anew', total);
  return rewrapKeys(station, { target: await targetOf(options), openSource, attestationKey, onKey });
}

/** What a rewrap cannot do, said after every one of them. */
export const COPIES = [
  'Copies of the old envelopes that exist elsewhere still open with the old masters, for ever.',
  'If the old masters or envelopes may have been copied, move the coins to other keys: trilock client wallets ask-rotation.',
];

interface RewrapOptions extends TargetOptions {
  readonly innerKey: string;
  readonly outerKey: string;
  readonly innerPassphraseFile?: string;
  readonly outerPassphraseFile?: string;
}

async function rewrap(directory: string, options: RewrapOptions): Promise<void> {
  const station = await openStation(directory);
  const old = { expiredToo: true };
  const openSource = async (): Promise<KeySource> => {
    const masters: Masters<MasterPrivateKey> = {
      inner: await openKeyFile(options.innerKey, 'the old inner master', options.innerPassphraseFile, old),
      outer: await openKeyFile(options.outerKey, 'the old outer master', options.outerPassphraseFile, old),
    };
    return nestedSource(station, masters);
  };
  const { masters } = await rewrapFrom(station, options, openSource);
  say(`All keys are wrapped to ${masters.inner.fingerprint} and ${masters.outer.fingerprint}.`, ...COPIES);
}

type DisasterOptions = TargetOptions & ShareOptions;

/** Puts the disaster key of a station together, in memory. */
async function openDisasterKey(station: Station, options: DisasterOptions): Promise<MasterPrivateKey> {
  if (station.disaster === null)
    throw new StationError(
      'disaster_key_missing',
      'The keys of this station were never wrapped to a disaster key.',
    );
  return disasterKeyOf(options, station.disaster.fingerprint);
}

async function disasterOpen(directory: string, options: DisasterOptions): Promise<void> {
  const station = await openStation(directory);
  const { masters } = await rewrapFrom(station, options, async () =>
    disasterSource(station, await openDisasterKey(station, options)),
  );
  say(
    `All keys are wrapped to ${masters.inner.fingerprint} and ${masters.outer.fingerprint}.`,
    'The disaster key was whole in this machine’s memory: hold a ceremony for a new one and rewrap to it.',
    ...COPIES,
  );
}

export function withTarget(command: Command): Command {
  return command
    .requiredOption('--new-inner-master <file>', 'certificate (or public key) of the new master A, PEM')
    .requiredOption('--new-outer-master <file>', 'certificate (or public key) of the new master B, PEM')
    .option(
      '--new-disaster-key <file>',
      'public half of a new disaster key, PEM; without it the old one stays',
    );
}

/** `trilock station verify-backups`, `restore`, `rewrap`, `disaster-open`. */
export function registerBackups(station: Command): void {
  station
    .command('verify-backups <directory>')
    .description(
      'compare every site with the signed manifest and name what is wrong; status 1 when something is',
    )
    .action(verifyBackups);
  station
    .command('restore <directory>')
    .description('make a backup site again from another one')
    .requiredOption('--from <site>', 'a sound site')
    .requiredOption('--to <site>', 'the directory to fill')
    .option('--instead-of <site>', 'a site that is gone, whose place the new one takes')
    .action(restore);
  withTarget(station.command('rewrap <directory>'))
    .description('wrap every key to new masters; run it again after an interruption')
    .requiredOption('--inner-key <file>', 'key file of the old master A')
    .requiredOption('--outer-key <file>', 'key file of the old master B')
    .option('--inner-passphrase-file <file>', 'instead of asking')
    .option('--outer-passphrase-file <file>', 'instead of asking')
    .option('--passphrase-file <file>', 'of the station, instead of asking')
    .action(rewrap);
  withTarget(station.command('disaster-open <directory>'))
    .description('wrap every key to new masters out of the officers’ shares, when a master is lost')
    .requiredOption('--share <file...>', 'share files of enough officers')
    .option('--share-passphrase-file <file...>', 'in the order of the shares, instead of asking')
    .option('--passphrase-file <file>', 'of the station, instead of asking')
    .action(disasterOpen);
}

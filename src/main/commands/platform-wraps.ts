import type { Command } from 'commander';
import { NETWORK_NAMES, parseNetworkName } from '../../bitcoin/index.ts';
import { parseMasterPublicKey, readCertificate, type MasterPublicKey } from '../../keyring/index.ts';
import { SharedError } from '../../shared/index.ts';
import { machineWarnings, rewrapPlatformKeys, type PlatformSource } from '../../station/index.ts';
import { openKeyFile } from '../terminal/key-files.ts';
import { progress } from '../terminal/progress.ts';
import { disasterKeyOf, shareOptions, type ShareOptions } from './share-files.ts';
import { COPIES, targetOf, withTarget, type TargetOptions } from './station-backups.ts';

interface Options extends TargetOptions, ShareOptions {
  readonly network: string;
  readonly site: string[];
  readonly work: string;
  readonly innerKey?: string;
  readonly outerKey?: string;
  readonly innerPassphraseFile?: string;
  readonly outerPassphraseFile?: string;
}

function say(...lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

/** A certificate or a bare public key, PEM. */
function publicKeyIn(pem: string): MasterPublicKey {
  return pem.includes('BEGIN CERTIFICATE') ? readCertificate(pem).publicKey : parseMasterPublicKey(pem);
}

async function sourceOf(options: Options): Promise<PlatformSource> {
  if (options.share !== undefined) return { kind: 'disaster', key: await disasterKeyOf(options) };
  const { innerKey, outerKey } = options;
  if (innerKey === undefined || outerKey === undefined) {
    throw new SharedError(
      'config_invalid',
      'Give the old masters by --inner-key and --outer-key, or --share.',
    );
  }
  const old = { expiredToo: true };
  const inner = await openKeyFile(innerKey, 'the old inner master', options.innerPassphraseFile, old);
  const outer = await openKeyFile(outerKey, 'the old outer master', options.outerPassphraseFile, old);
  return { kind: 'nested', masters: { inner, outer } };
}

async function rewrap(options: Options): Promise<void> {
  say(...(await machineWarnings()));
  const { masters: texts, disaster } = await targetOf(options);
  const masters = { inner: publicKeyIn(texts.inner), outer: publicKeyIn(texts.outer) };
  let show: ((done: number) => void) | undefined;
  const keys = await rewrapPlatformKeys({
    network: parseNetworkName(options.network),
    sites: options.site,
    work: options.work,
    target: { masters, disaster: disaster === undefined ? null : publicKeyIn(disaster) },
    openSource: () => sourceOf(options),
    onKey: (done, total) => (show ??= progress('Platform keys wrapped anew', total))(done),
  });
  say(
    `${keys} platform keys are wrapped to ${masters.inner.fingerprint} and ${masters.outer.fingerprint}.`,
    'The signer wraps new keys to what TRILOCK_SIGNER_MASTER_KEYS and TRILOCK_SIGNER_DISASTER_KEY name: change them too.',
    ...COPIES,
  );
}

/** `trilock station rewrap-platform`: the wrapped copies of the platform signer's keys, away from the signer. */
export function registerPlatformWraps(station: Command): void {
  shareOptions(withTarget(station.command('rewrap-platform')))
    .description('wrap the platform signer’s keys to new masters; run it again after an interruption')
    .requiredOption('--network <network>', NETWORK_NAMES.join(', '))
    .requiredOption(
      '--site <directory...>',
      'every place with its wrapped copies, its own `envelopes` among them',
    )
    .requiredOption('--work <directory>', 'where new envelopes wait until all are prepared')
    .option('--inner-key <file>', 'key file of the old master A')
    .option('--outer-key <file>', 'key file of the old master B')
    .option('--inner-passphrase-file <file>', 'instead of asking')
    .option('--outer-passphrase-file <file>', 'instead of asking')
    .action(rewrap);
}

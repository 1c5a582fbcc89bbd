import { readFile } from 'node:fs/promises';
import {
  isDemoKey,
  parseMasterPublicKey,
  requireTwoMasters,
  type MasterPublicKey,
  type Masters,
} from '../../keyring/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { SharedError, systemClock } from '../../shared/index.ts';
import { createWireServer, openSigner } from '../../signer/index.ts';
import { endpointTarget, listenOn } from '../lifecycle/endpoint.ts';
import type { RoleContext, StartedRole } from '../lifecycle/run-role.ts';
import type { SettingsOf } from '../settings/index.ts';
import { requireCurrentSchema } from './current-schema.ts';

/** The two offline masters. Everybody has the demo keys, so they protect nothing where coins are worth something. */
async function offlineMasters(
  paths: readonly string[],
  network: SettingsOf<'signer'>['TRILOCK_NETWORK'],
): Promise<Masters | undefined> {
  if (paths.length === 0) return undefined;
  const keys = await Promise.all(
    paths.map(async (path) => parseMasterPublicKey(await readFile(path, 'utf8'))),
  );
  const [inner, outer, third] = keys;
  if (inner === undefined || outer === undefined || third !== undefined) {
    throw new SharedError(
      'config_invalid',
      'TRILOCK_SIGNER_MASTER_KEYS must name two files, inner and outer.',
    );
  }
  requireTwoMasters({ inner, outer });
  if (network === 'mainnet' && keys.some(({ fingerprint }) => isDemoKey(fingerprint))) {
    throw new SharedError('config_invalid', 'TRILOCK_SIGNER_MASTER_KEYS names a published demo key.');
  }
  return { inner, outer };
}

/** @throws SharedError `config_invalid` on mainnet without it, and for a demo key or one of the masters. */
async function disasterKey(
  path: string | undefined,
  masters: Masters | undefined,
  network: SettingsOf<'signer'>['TRILOCK_NETWORK'],
): Promise<{ readonly disaster?: MasterPublicKey }> {
  const refuse = (text: string): SharedError =>
    new SharedError('config_invalid', `TRILOCK_SIGNER_DISASTER_KEY ${text}`);
  if (path === undefined) {
    if (network === 'mainnet' && masters !== undefined)
      throw refuse('is not set: on mainnet every seed is wrapped to a disaster key too.');
    return {};
  }
  const disaster = parseMasterPublicKey(await readFile(path, 'utf8'));
  if (network === 'mainnet' && isDemoKey(disaster.fingerprint)) throw refuse('names a published demo key.');
  if ([masters?.inner, masters?.outer].some((master) => master?.fingerprint === disaster.fingerprint))
    throw refuse('names one of the masters.');
  return { disaster };
}

/** The platform cosigner, over its own directory, its own database and its own witness. */
export async function startSigner(
  settings: SettingsOf<'signer'>,
  context: RoleContext,
): Promise<StartedRole> {
  const database = parsePostgresUrl(settings.TRILOCK_SIGNER_DATABASE_URL);
  await requireCurrentSchema(database, 'signer');
  const { TRILOCK_NETWORK: network } = settings;
  const masters = await offlineMasters(settings.TRILOCK_SIGNER_MASTER_KEYS, network);
  const signer = await openSigner({
    network,
    role: settings.TRILOCK_SIGNER_ROLE === 'platform_b' ? 'platform_b' : 'platform',
    database,
    directory: settings.TRILOCK_SIGNER_DIRECTORY,
    backupSites: settings.TRILOCK_SIGNER_BACKUP_DIRECTORIES,
    masters,
    ...(await disasterKey(settings.TRILOCK_SIGNER_DISASTER_KEY, masters, network)),
    witness: endpointTarget(settings.TRILOCK_WITNESS_SOCKET),
    firstManifestHash: settings.TRILOCK_FIRST_MANIFEST,
    clock: systemClock,
  });
  const server = createWireServer({
    methods: signer.methods,
    onFailure: (method, thrown) => context.log.error('call failed', { operationId: method, error: thrown }),
  });
  await listenOn(server, settings.TRILOCK_SIGNER_SOCKET);
  const { signerKey, secp256k1 } = await signer.status();
  return {
    facts: { socket: settings.TRILOCK_SIGNER_SOCKET, signerKey, secp256k1 },
    checks: async () => {
      const { manifest, sealed, witness, signatures, alerts } = await signer.status();
      const inForce = manifest === null ? 'no manifest yet' : `manifest ${manifest.number}`;
      return [
        { name: 'database', ok: true, note: `${signatures} signatures, ${alerts} alerts, ${secp256k1}` },
        { name: 'witness', ok: witness !== null, note: witness === null ? 'does not answer' : 'answers' },
        { name: 'seal', ok: sealed === null, note: sealed === null ? inForce : sealed.reason },
      ];
    },
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      await signer.close();
    },
  };
}

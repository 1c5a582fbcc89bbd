// The station's work beside the bare cryptography that it cannot do without, measured in the same run: wrapping and
// unwrapping a seed (two RSA-4096 operations each way), making a pool, signing 200 inputs of 100 wallets.
import { spawnSync } from 'node:child_process';
import { constants, pbkdf2Sync, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { selectSecp256k1, signDigest } from '../../src/bitcoin/index.ts';
import { openEnvelope, sealEnvelope, sealForDisaster } from '../../src/keyring/index.ts';
import {
  checkBundle,
  generateKeys,
  registerWallet,
  requireSignable,
  signBundle,
  unlockStation,
  type SignableBundle,
} from '../../src/station/index.ts';
import { builtPayout, bundleOf, payoutIntent, registeredWallet, walletCoins } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';
import { fixtureMaster } from '../fixtures/masters.ts';
import { mastersOf, newStation, PASSPHRASE, stationHouse, temporaryRoot } from '../station/offices.ts';
import type { Bench } from './run.ts';

const WRAPS = 200;
const UNWRAPS = 50;
const POOL_KEYS = 50;
const WALLETS = 100;
const INPUTS_EACH = 2;

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

/** Private operations a second that OpenSSL itself claims, when it is there. */
function opensslClaim(): string {
  const { stdout, status } = spawnSync('openssl', ['speed', '-seconds', '2', 'rsa4096'], {
    encoding: 'utf8',
  });
  const rate = /rsa 4096 bits\s+\S+\s+\S+\s+([0-9.]+)/.exec(stdout)?.[1];
  return status === 0 && rate !== undefined
    ? `openssl speed rsa4096: ${rate} private operations/s`
    : 'no openssl';
}

/** 100 wallets of one station, each with a payout out of two coins, checked and ready to be signed. */
async function batch(root: string) {
  const { house, station, keys } = await stationHouse(root, WALLETS);
  const bundles: SignableBundle[] = [];
  for (const [at, cold] of keys.entries()) {
    const wallet = registeredWallet(house, `bench ${at}`, { keys: { cold } });
    await registerWallet(station, wallet);
    const intent = payoutIntent(wallet, {
      payments: [{ address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', satoshis: '1500000' }],
    });
    const built = builtPayout(wallet, [intent], walletCoins(wallet, [1_000_000n, 1_000_000n]));
    const bundle = bundleOf(house, wallet, [intent], built);
    bundles.push(await requireSignable(station, await checkBundle(station, bundle, NOW), { nowMs: NOW }));
  }
  return { station, bundles };
}

export default async function keysBench(): Promise<Bench> {
  selectSecp256k1('auto');
  const root = await temporaryRoot();
  const masters = mastersOf('cold');
  const context = { keyId: '0'.repeat(32), role: 'cold', fingerprint: '0'.repeat(8), network: 'regtest' };
  const secret = randomBytes(32);
  const blob = sealEnvelope(secret, context, masters);
  const wrapped = publicEncrypt({ key: masters.inner.key, ...OAEP }, secret);
  const times = (count: number, work: () => unknown) => () => {
    for (let i = 0; i < count; i++) work();
    return count;
  };
  const bareWrap = (): void => {
    publicEncrypt({ key: masters.inner.key, ...OAEP }, secret);
    publicEncrypt({ key: masters.outer.key, ...OAEP }, secret);
  };
  const bareUnwrap = (): void => {
    for (let i = 0; i < 2; i++) privateDecrypt({ key: masters.inner.privateKey, ...OAEP }, wrapped);
  };
  const disaster = fixtureMaster('key-5');
  const pools = await newStation(root, 'cold');
  const attestationKey = await unlockStation(pools, PASSPHRASE);
  let pool = 0;
  const { station, bundles } = await batch(root);
  await mkdir(join(root, 'signed'));
  return {
    comparisons: [
      {
        name: 'wrap a seed',
        unit: 'seeds',
        baseline: { name: 'two bare RSA-OAEP encryptions', run: times(WRAPS, bareWrap) },
        ours: { name: 'nested envelopes', run: times(WRAPS, () => sealEnvelope(secret, context, masters)) },
      },
      {
        name: `unwrap a seed (${opensslClaim()})`,
        unit: 'seeds',
        baseline: { name: 'two bare RSA-OAEP decryptions', run: times(UNWRAPS, bareUnwrap) },
        ours: { name: 'nested envelopes', run: times(UNWRAPS, () => openEnvelope(blob, context, masters)) },
      },
      {
        name: 'make a pool',
        unit: 'keys',
        rounds: 3,
        baseline: {
          name: 'BIP39 seed and three envelopes, nothing written',
          run: times(POOL_KEYS, () => {
            pbkdf2Sync(secret, 'mnemonic', 2_048, 64, 'sha512');
            sealEnvelope(secret, context, masters);
            sealForDisaster(secret, context, disaster);
          }),
        },
        ours: {
          name: 'attested, wrapped, at two sites, read back',
          run: async () => {
            await generateKeys(pools, { pool: `bench-${++pool}`, count: POOL_KEYS, attestationKey });
            return POOL_KEYS;
          },
        },
      },
      {
        name: `sign ${WALLETS * INPUTS_EACH} inputs of ${WALLETS} wallets`,
        unit: 'inputs',
        rounds: 2,
        baseline: {
          name: 'the RSA decryptions, seeds and ECDSA signatures alone',
          run: () => {
            for (let i = 0; i < WALLETS; i++) {
              bareUnwrap();
              pbkdf2Sync(secret, 'mnemonic', 2_048, 64, 'sha512');
              for (let input = 0; input < INPUTS_EACH; input++) signDigest(secret, secret);
            }
            return WALLETS * INPUTS_EACH;
          },
        },
        ours: {
          name: 'station, checked again, noted durably',
          run: async () => {
            for (const bundle of bundles) {
              await requireSignable(station, bundle, bundle.occasion);
              await signBundle(station, bundle, masters);
            }
            return WALLETS * INPUTS_EACH;
          },
        },
      },
    ],
    close: () => rm(root, { recursive: true, force: true }),
  };
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkSpend,
  DEFAULT_SPEND_LIMITS,
  formatKeyOrigin,
  parseAddress,
  parseDescriptor,
  parseExtendedPublicKey,
  parseKeyOrigin,
  parsePsbt,
  parsePsbtBase64,
  psbtToBase64,
  serializePsbt,
  verifyMessage,
  verifySignatures,
} from '../../../src/bitcoin/index.ts';
import {
  parseTransaction,
  serializeTransaction,
} from '../../../src/bitcoin/transactions/transaction-codec.ts';
import {
  acceptManifest,
  manifestHash,
  parseIntent,
  parseKeyAttestation,
  parseRegistrationReceipt,
  parseSignedManifest,
  parseSigningBundle,
  parseWalletRegistration,
  verifyBundle,
  verifyKeyAttestation,
  verifyWalletRegistration,
} from '../../../src/intents/index.ts';
import { openEnvelope, readEnvelope, sealEnvelope } from '../../../src/keyring/index.ts';
import {
  ACCOUNT_ITEM_BYTES,
  decodeAccountItem,
  decodeFrameError,
  decodeHistoryQuery,
  decodeIds,
  decodeLoggedItems,
  decodeRecord,
  decodeResults,
  decodeStatus,
  encodeCommands,
  encodeFrame,
  FrameReader,
  HISTORY_QUERY_BYTES,
  openBatch,
  openCheckpoint,
  sealBatch,
  STATUS_ITEM_BYTES,
} from '../../../src/ledger/format/index.ts';
import {
  builtPayout,
  bundleOf,
  bundleTrust,
  custody,
  payoutIntent,
  registeredWallet,
} from '../../fixtures/custody.ts';
import { NOW, signedManifest } from '../../fixtures/intents.ts';
import { fixtureMasters } from '../../fixtures/masters.ts';
import type { SeededRandom } from '../../ledger/simulation/world.ts';
import { hostileText, spoiltBytes, spoiltJson, spoiltText } from './mutate.ts';

/** A reader of foreign bytes, and what it is fed. */
export interface FuzzedParser {
  readonly name: string;
  /** Of the cases of a run, since some are dearer than others. */
  readonly share: number;
  readonly read: (random: SeededRandom) => unknown;
}

const house = custody();
const wallet = registeredWallet(house, 'fuzzed');
const intent = payoutIntent(wallet);
const { psbt } = builtPayout(wallet, [intent]);
const bundle = bundleOf(house, wallet, [intent]);
const trust = bundleTrust(house, wallet);
const masters = fixtureMasters();
const context = { keyId: 'a'.repeat(32), role: 'cold', fingerprint: 'd34db33f', network: 'regtest' } as const;
const envelope = sealEnvelope(Buffer.alloc(32, 7), context, masters);
const psbtBytes = serializePsbt(psbt);
const signed = signedManifest(house.house, house.manifest);
const expectation = { wallet: wallet.descriptor, payments: [], limits: DEFAULT_SPEND_LIMITS };

interface Bip322 {
  readonly simple: readonly { message: string; address: string; bip322_signatures: readonly string[] }[];
}
const vectors = join(import.meta.dirname, '../../vectors/bips/bip-0322-basic-test-vectors.json');
const messages = (JSON.parse(readFileSync(vectors, 'utf8')) as Bip322).simple;

const records = encodeCommands(
  [1n, 2n, 3n].map((id) => ({
    ...{ kind: 'transfer' as const, id: (0x0190n << 112n) | (0x7n << 76n) | (0x2n << 62n) | id },
    ...{ debitAccountId: 1n, creditAccountId: 2n, amount: 5n, asset: 1, code: 1 },
  })),
);
const sealed = sealBatch(
  {
    partition: 0,
    count: 3,
    epoch: 1,
    sequence: 1,
    timeMs: NOW,
    position: 0,
    previousHash: new Uint8Array(32),
  },
  records,
);
const header = { request: 9, partition: 0, sequence: 0, timeMs: 0 };
const frames = [
  encodeFrame({ type: 'askStatus', ...header }, new Uint8Array(0)),
  encodeFrame({ type: 'submit', ...header }, records),
];

const ITEM_DECODERS: readonly (readonly [decode: (bytes: Uint8Array) => unknown, size?: number])[] = [
  [(bytes) => decodeAccountItem(bytes), ACCOUNT_ITEM_BYTES],
  [decodeFrameError],
  [decodeHistoryQuery, HISTORY_QUERY_BYTES],
  [decodeIds],
  [decodeLoggedItems],
  [decodeResults],
  [decodeStatus, STATUS_ITEM_BYTES],
  [openCheckpoint],
];

function bytesOf(
  name: string,
  share: number,
  sample: Uint8Array,
  read: (bytes: Buffer) => unknown,
): FuzzedParser {
  return { name, share, read: (random) => read(spoiltBytes(random, sample)) };
}

function textOf(name: string, share: number, sample: string, read: (text: string) => unknown): FuzzedParser {
  return {
    name,
    share,
    read: (random) => read(random.chance(0.05) ? hostileText(random) : spoiltText(random, sample)),
  };
}

function documentOf(
  name: string,
  share: number,
  sample: unknown,
  read: (value: unknown) => unknown,
): FuzzedParser {
  const plain: unknown = JSON.parse(JSON.stringify(sample));
  return { name, share, read: (random) => read(spoiltJson(random, plain)) };
}

/** Every reader of what others wrote: files, wires, uploads. */
export const PARSERS: readonly FuzzedParser[] = [
  bytesOf('PSBT', 4, psbtBytes, (bytes) => {
    const read = parsePsbt(bytes);
    verifySignatures(read, wallet.descriptor);
    return checkSpend(read, expectation);
  }),
  textOf('PSBT in base64', 1, psbtToBase64(psbt), parsePsbtBase64),
  bytesOf('transaction', 2, serializeTransaction(psbt.transaction), parseTransaction),
  textOf('descriptor', 2, wallet.descriptor.text, (text) => parseDescriptor(text, 'regtest')),
  textOf('extended key', 1, wallet.descriptor.keys[0]!.xpub.text, (text) =>
    parseExtendedPublicKey(text, 'regtest'),
  ),
  textOf('key origin', 1, formatKeyOrigin(wallet.descriptor.keys[0]!.origin), parseKeyOrigin),
  textOf('address', 2, intent.body.payments[0]!.address, (text) => parseAddress(text, 'regtest')),
  bytesOf('envelope', 2, envelope, (bytes) => readEnvelope(bytes)),
  bytesOf('opened envelope', 0.05, envelope, (bytes) => openEnvelope(bytes, context, masters)),
  documentOf('intent', 2, intent, parseIntent),
  documentOf('manifest', 1, signed, (value) =>
    acceptManifest({ pinnedFirstHash: manifestHash(house.manifest) }, parseSignedManifest(value), 'regtest'),
  ),
  documentOf('signing bundle', 1, bundle, (value) => verifyBundle(parseSigningBundle(value), trust, NOW)),
  documentOf('key attestation', 1, wallet.keys[1]!.attestation, (value) =>
    verifyKeyAttestation(parseKeyAttestation(value), house.manifest.attestationKeys.cold, 'regtest'),
  ),
  documentOf('wallet registration', 0.5, wallet.registration, (value) =>
    verifyWalletRegistration(parseWalletRegistration(value), house.manifest),
  ),
  documentOf('registration receipt', 1, wallet.receipt, parseRegistrationReceipt),
  {
    name: 'BIP322 signature',
    share: 1,
    read: (random) => {
      const { message, address, bip322_signatures: signatures } = random.pick(messages);
      const text = signatures[0]!.replace(/^smp/, '');
      const spoilt = spoiltBytes(random, Buffer.from(text, 'base64')).toString('base64');
      const signature = random.chance(0.5) ? `smp${spoilt}` : random.chance(0.5) ? spoilt : signatures[0]!;
      return verifyMessage({
        message: random.chance(0.8) ? message : spoiltText(random, message),
        address: random.chance(0.8) ? address : spoiltText(random, address),
        network: 'mainnet',
        signature,
      });
    },
  },
  {
    name: 'ledger frame',
    share: 2,
    read: (random) => {
      const reader = new FrameReader();
      const stream = Buffer.concat([spoiltBytes(random, random.pick(frames)), random.pick(frames)]);
      const cut = random.below(stream.length);
      return [...reader.push(stream.subarray(0, cut)), ...reader.push(stream.subarray(cut))];
    },
  },
  bytesOf('ledger record', 2, records.slice(0, 128), (bytes) =>
    decodeRecord(Buffer.concat([bytes, Buffer.alloc(128)]).subarray(0, 128)),
  ),
  {
    name: 'ledger items',
    share: 2,
    read: (random) => {
      const bytes = Buffer.from(Array.from({ length: random.below(700) }, () => random.below(256)));
      const [decode, size] = random.pick(ITEM_DECODERS);
      // Frames give whole items to those with a size; only the content is foreign.
      return decode(
        size === undefined ? bytes : Buffer.concat([bytes, Buffer.alloc(size)]).subarray(0, size),
      );
    },
  },
  {
    name: 'ledger batch',
    share: 1,
    read: (random) => openBatch(spoiltBytes(random, sealed), spoiltBytes(random, records)),
  },
];

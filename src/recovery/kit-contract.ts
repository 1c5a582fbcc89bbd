import { z } from 'zod';
import { base64Url, hash32, idText, instant, networkName, plainText } from '../intents/fields-contract.ts';
import { COSIGNER_ROLES } from '../intents/key-attestation-contract.ts';
import { registrationReceiptSchema } from '../intents/registration-receipt-contract.ts';
import { walletRegistrationSchema, WALLET_PLANS } from '../intents/wallet-registration-contract.ts';

/** The first version of the kit. A reader refuses versions that it does not know. */
export const KIT_VERSION = 1;
export const KIT_PURPOSE = 'trilock recovery kit';

const text = z.string().max(20_000);

const kitKeySchema = z.strictObject({
  role: z.enum(COSIGNER_ROLES),
  /** Who made it, as its attestation says. */
  source: plainText,
  /** Of the seed’s master key: eight hex digits. */
  fingerprint: z.string().regex(/^[0-9a-f]{8}$/),
  /** From the master key: `m/48h/0h/0h/2h`. */
  path: z.string().regex(/^m(\/[0-9]{1,10}h){4}$/),
  xpub: z.string().max(120),
  /** The same key in SLIP-132’s spelling for P2WSH multisig (Zpub, Vpub), which Electrum asks for. */
  slip132: z.string().max(120),
  /** File name of the wrapped copy at its backup sites; null for a key that the customer holds. */
  wrappedCopy: z.string().max(100).nullable(),
  howObtained: text,
});

const kitPairSchema = z.strictObject({
  keys: z.tuple([z.enum(COSIGNER_ROLES), z.enum(COSIGNER_ROLES)]),
  who: text,
});

const kitAddressSchema = z.strictObject({ index: z.int().min(0), address: z.string().max(100) });

/** What a program imports, as a file: its name, and its whole content. */
const importFileSchema = z.strictObject({ name: z.string().regex(/^[a-z0-9.-]{1,60}$/), content: text });

const guideSchema = z.strictObject({
  program: z.string().max(60),
  /** Names of the import files that it uses. */
  files: z.array(z.string().max(60)),
  steps: z.array(text).min(1),
});

/**
 * A key of the wallet that travels with the kit, wrapped: an envelope as in docs/key-envelopes.md. It names its
 * key itself; who can open it is written beside it.
 */
const kitEnvelopesSchema = z.strictObject({
  version: z.literal(1),
  items: z
    .array(
      z.strictObject({
        role: z.enum(COSIGNER_ROLES),
        fingerprint: z.string().regex(/^[0-9a-f]{8}$/),
        /** Who opens the outer and then the inner envelope, for people. */
        outerHolder: plainText,
        innerHolder: plainText,
        blob: base64Url.max(16_384),
      }),
    )
    .max(3),
});

/** Everything in the kit except its checksum. */
export const kitContentSchema = z.strictObject({
  purpose: z.literal(KIT_PURPOSE),
  version: z.literal(KIT_VERSION),
  createdAt: instant,
  network: networkName,
  wallet: idText('wallet'),
  label: z.string().max(200),
  plan: z.enum(WALLET_PLANS),
  customer: idText('customer').nullable(),
  /** No coin of the wallet is older: where a search may begin. */
  birth: z.strictObject({ height: z.int().min(0), time: instant.nullable() }),
  /** BIP380 and BIP389, with its checksum. */
  descriptor: z.string().max(2_000),
  /** The same as two descriptors, for programs that do not read BIP389. */
  receiveDescriptor: z.string().max(2_000),
  changeDescriptor: z.string().max(2_000),
  threshold: z.int().min(1).max(16),
  keys: z.array(kitKeySchema).length(3),
  firstAddresses: z.strictObject({
    receive: z.array(kitAddressSchema).min(1).max(20),
    change: z.array(kitAddressSchema).min(1).max(20),
  }),
  recoverableBy: z.array(kitPairSchema).min(1).max(3),
  importFiles: z.array(importFileSchema).max(10),
  guides: z.array(guideSchema).max(10),
  /** What signer and stations have pinned, with attestations and receipt: proof of where the keys come from. */
  registration: walletRegistrationSchema,
  receipt: registrationReceiptSchema,
  /** Wrapped keys that travel with the kit; null when every copy lies elsewhere. */
  envelopes: kitEnvelopesSchema.nullable(),
});

export const kitSchema = kitContentSchema.extend({
  /** SHA-256 (hex) of the canonical JSON (RFC 8785) of everything else. Against damage, not against forgery. */
  checksum: hash32,
});

export type KitContent = z.infer<typeof kitContentSchema>;
export type RecoveryKit = z.infer<typeof kitSchema>;
export type KitKey = RecoveryKit['keys'][number];
export type KitEnvelopes = z.infer<typeof kitEnvelopesSchema>;

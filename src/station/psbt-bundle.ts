import { parsePsbt, psbtToBase64, serializePsbt, type Psbt } from '../bitcoin/index.ts';
import { parseSigningBundle, type SigningBundle } from '../intents/index.ts';
import { StationError } from './errors.ts';

/** A proprietary global field (BIP174): type 0xfc, identifier `trilock`, subtype 0: JSON of the bundle without PSBT. */
const IDENTIFIER = Buffer.from('trilock', 'latin1');
const KEY = Uint8Array.from([0xfc, IDENTIFIER.length, ...IDENTIFIER, 0]);

/** A bundle as one PSBT, for whatever carries nothing else; other wallets keep the field and do not mind it. */
export function bundleToPsbt({ psbt, ...entitled }: SigningBundle): Uint8Array {
  const plain = parsePsbt(Buffer.from(psbt, 'base64'));
  const global = plain.global.clone();
  global.set(KEY, Buffer.from(JSON.stringify(entitled)));
  return serializePsbt({ ...plain, global });
}

/**
 * The bundle that a PSBT carries. One without intents is refused: nothing would say who asked for it.
 * @throws StationError `psbt_without_intents`, `document_malformed`; BitcoinError of `parsePsbt`; IntentError
 * `bundle_malformed`.
 */
export function bundleOfPsbt(bytes: Uint8Array): SigningBundle {
  const carrying = parsePsbt(bytes);
  const field = carrying.global.find(KEY);
  if (field === undefined) {
    throw new StationError(
      'psbt_without_intents',
      'The PSBT carries no intents: nobody is shown to have asked for it or to have approved it.',
    );
  }
  const isOurs = ({ key }: { key: Uint8Array }): boolean => Buffer.compare(key, KEY) === 0;
  const plain: Psbt = { ...carrying, global: carrying.global.filter((entry) => !isOurs(entry)) };
  let entitled: unknown;
  try {
    entitled = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(field));
  } catch {
    throw new StationError('document_malformed', 'What the PSBT carries as its intents is not JSON.');
  }
  return parseSigningBundle({ ...(entitled as object), psbt: psbtToBase64(plain) });
}

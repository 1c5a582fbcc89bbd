import { encodeBase58Check } from '../bytes.ts';
import { extendedPublicKeyPayload, type ExtendedPublicKey } from './extended-public-key.ts';

/** SLIP-132's version bytes of P2WSH multisig keys: `Zpub` on mainnet, `Vpub` elsewhere. */
const MULTISIG_VERSION = { mainnet: 0x02aa7ed3, elsewhere: 0x02575483 } as const;

/** An account key in the spelling by which Electrum tells a P2WSH multisig key from others (SLIP-132). */
export function formatMultisigSlip132(xpub: ExtendedPublicKey): string {
  const payload = extendedPublicKeyPayload(xpub);
  const version = xpub.network === 'mainnet' ? MULTISIG_VERSION.mainnet : MULTISIG_VERSION.elsewhere;
  new DataView(payload.buffer).setUint32(0, version);
  return encodeBase58Check(payload);
}

import { fromBase64Url, keyTransportDigest, toBase64Url, type KeyTransport } from '../intents/index.ts';
import { isoTime } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { addReturnedKey, noteDeepFreeze, platformKeysOf, thawOf, type Thaw } from './deep-freeze-store.ts';
import { SignerError } from './errors.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { attest, attestationKeyOf } from './platform-keys.ts';
import { knownRestriction, type KnownRestriction } from './restriction-store.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

type Tx = Parameters<typeof thawOf>[0];

async function requireThaw(
  tx: Tx,
  restriction: string,
): Promise<{ readonly thaw: Thaw; readonly known: KnownRestriction }> {
  const thaw = await thawOf(tx, restriction);
  const known = await knownRestriction(tx, restriction);
  if (thaw !== undefined && known?.releasedAtMs === null) return { thaw, known };
  throw new SignerError('thaw_unknown', 'No deep freeze with this id is being lifted.', {
    details: { restriction },
  });
}

/**
 * Asks officers for the platform keys of a deep freeze that is being lifted, by a key that is made for it alone and
 * erased with its end. @throws SignerError `thaw_unknown`, `signer_sealed`.
 */
export async function transportKey(
  parts: SignerParts,
  { restriction }: SignerParameters<'transportKey'>,
): Promise<SignerAnswer<'transportKey'>> {
  await requireInStep(parts);
  const { thaw, known } = await requireThaw(parts.pool, restriction);
  const wanted = await platformKeysOf(parts.pool, known.customer);
  const spki = await parts.keys.transportKey(restriction);
  const statement: KeyTransport['statement'] = {
    purpose: 'key transport',
    network: parts.network,
    customer: known.customer,
    restriction,
    intentHash: thaw.intentHash,
    readyAt: isoTime(thaw.readyAtMs),
    keys: [...wanted].map(([wallet, { statement: key }]) => ({
      wallet,
      xpub: key.xpub,
      origin: key.origin,
    })),
    spki: toBase64Url(spki),
  };
  const signature = attest(parts.identity, keyTransportDigest(statement));
  return { transport: { statement, attestedBy: attestationKeyOf(parts.identity), signature } };
}

/**
 * Takes a platform key back into its slot: the very key of the wallet, and not before the time lock is over. May be
 * repeated. @throws SignerError `thaw_unknown`, `thaw_not_due`, `wallet_unknown`, `platform_key_foreign`,
 * `signer_sealed`; KeyringError `envelope_…`.
 */
export async function returnKey(
  parts: SignerParts,
  { key }: SignerParameters<'returnKey'>,
): Promise<SignerAnswer<'returnKey'>> {
  await requireInStep(parts);
  const { restriction, wallet } = key;
  const { thaw, known } = await requireThaw(parts.pool, restriction);
  if (parts.clock.nowMs() < thaw.readyAtMs) {
    throw new SignerError('thaw_not_due', 'The time lock of the deep freeze runs.', {
      details: { restriction, readyAt: isoTime(thaw.readyAtMs) },
    });
  }
  const attestation = (await platformKeysOf(parts.pool, known.customer)).get(wallet);
  if (attestation === undefined) {
    throw new SignerError('wallet_unknown', 'The customer has no such wallet here.', { details: { wallet } });
  }
  const envelope = Buffer.from(fromBase64Url(key.envelope) ?? []);
  await parts.keys.takeBack(wallet, attestation, restriction, envelope, async () => {
    await exclusively(parts.pool, async (tx) => {
      await requireThaw(tx, restriction);
      if (!(await addReturnedKey(tx, restriction, wallet))) return;
      const atMs = parts.clock.nowMs();
      await noteDeepFreeze(parts, tx, { event: 'key returned', restriction, wallet }, atMs);
      const text = `The platform key of ${wallet} is back.`;
      const details = { restriction, wallet };
      await addAlert(tx, { atMs, kind: 'deep_freeze', method: 'returnKey', text, details });
    });
  });
  await tellWitness(parts);
  const missing: string[] = [];
  for (const other of (await platformKeysOf(parts.pool, known.customer)).keys()) {
    if (!(await parts.keys.has(other))) missing.push(other);
  }
  return { missing };
}

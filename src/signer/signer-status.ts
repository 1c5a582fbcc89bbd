import { secp256k1Status } from '../bitcoin/index.ts';
import { manifestHash } from '../intents/index.ts';
import { alertsAfter } from './alert-store.ts';
import { sealReason } from './in-step.ts';
import { journalHead } from './journal.ts';
import { manifestInForce } from './manifest-store.ts';
import { attestationKeyOf } from './platform-keys.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import type { SignerParts } from './signer-parts.ts';
import { consumedSince } from './spend-store.ts';
import type { Countersigned } from './witness-link.ts';

const DAY_MS = 24 * 3_600_000;

async function counts(parts: SignerParts) {
  const { rows } = await parts.pool.query<Record<'wallets' | 'signatures' | 'revoked' | 'alerts', bigint>>(
    `SELECT (SELECT count(*) FROM signer.wallet) AS wallets,
            (SELECT count(*) FROM signer.released_signature) AS signatures,
            (SELECT count(*) FROM signer.revoked_intent) AS revoked,
            (SELECT count(*) FROM signer.alert) AS alerts`,
  );
  const row = rows[0] ?? { wallets: 0n, signatures: 0n, revoked: 0n, alerts: 0n };
  return {
    wallets: Number(row.wallets),
    signatures: Number(row.signatures),
    revoked: Number(row.revoked),
    alerts: Number(row.alerts),
  };
}

/** The witness's head and the reason of a seal, if the witness answers. */
async function sight(parts: SignerParts) {
  let witnessed: Countersigned | null;
  try {
    witnessed = await parts.witness.head();
    const reason = await sealReason(parts);
    const witness = { key: witnessed?.witnessKey ?? null, head: witnessed?.statement ?? null };
    return { witness, sealed: reason === undefined ? null : { reason } };
  } catch {
    return { witness: null, sealed: { reason: 'The witness does not answer.' } };
  }
}

/** How the signer stands. It answers whatever is wrong with witness or manifest. */
export async function signerStatus(parts: SignerParts): Promise<SignerAnswer<'status'>> {
  const manifest = await manifestInForce(parts.pool);
  const { epoch, counter, head } = await journalHead(parts.pool);
  const spent = await consumedSince(parts.pool, parts.clock.nowMs() - DAY_MS);
  return {
    network: parts.network,
    role: parts.role,
    manifest:
      manifest === undefined
        ? null
        : { number: manifest.number, hash: manifestHash(manifest), expiresAt: manifest.expiresAt },
    ...(await sight(parts)),
    signerKey: parts.identity.publicKey,
    attestationKey: attestationKeyOf(parts.identity),
    journal: { epoch, counter, head },
    ...(await counts(parts)),
    spentLast24Hours: spent.toString(),
    secp256k1: secp256k1Status().backend,
  };
}

export async function signerAlerts(
  parts: SignerParts,
  { after, limit }: SignerParameters<'alerts'>,
): Promise<SignerAnswer<'alerts'>> {
  return { alerts: await alertsAfter(parts.pool, after, limit) };
}

import { manifestHash, parseSignedManifest, type Manifest, type SignedManifest } from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { canonicalJson, type JsonValue } from '../shared/index.ts';
import { SignerError } from './errors.ts';

export async function manifestInForce(tx: Queryable): Promise<Manifest | undefined> {
  const { rows } = await tx.query<{ document: string }>(
    'SELECT document FROM signer.manifest ORDER BY number DESC LIMIT 1',
  );
  return rows[0] === undefined ? undefined : parseSignedManifest(JSON.parse(rows[0].document)).manifest;
}

/** @throws SignerError `manifest_missing`. */
export async function requireManifest(tx: Queryable): Promise<Manifest> {
  const manifest = await manifestInForce(tx);
  if (manifest !== undefined) return manifest;
  throw new SignerError('manifest_missing', 'No manifest is loaded, so nobody is trusted yet.');
}

export async function addManifest(tx: Queryable, signed: SignedManifest, atMs: number): Promise<void> {
  const { number } = signed.manifest;
  await tx.query(
    'INSERT INTO signer.manifest (number, previous, hash, document, loaded_at_ms) VALUES ($1, $2, $3, $4, $5)',
    [
      number,
      number === 1 ? null : number - 1,
      manifestHash(signed.manifest),
      canonicalJson(signed as unknown as JsonValue),
      atMs,
    ],
  );
}

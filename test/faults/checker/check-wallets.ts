import { readdir } from 'node:fs/promises';
import type { Queryable } from '../../../src/postgres/index.ts';
import { idFromUuid } from '../../../src/shared/index.ts';

interface WalletRow {
  readonly id: string;
  readonly state: string;
  readonly descriptor: string | null;
  readonly descriptor_hash: string | null;
}

/** Extended public keys as they stand in a descriptor. */
function keysIn(descriptor: string): string[] {
  return descriptor.match(/\b[xt]pub[1-9A-HJ-NP-Za-km-z]+/g) ?? [];
}

/**
 * Every wallet is open, pinned by the signer as it is, with three keys that no other has; each platform key was made
 * for one of them, once, and lies wrapped at both sites.
 */
export async function checkWallets(sql: Queryable, backups: readonly string[]): Promise<string[]> {
  const findings: string[] = [];
  const { rows } = await sql.query<WalletRow>(
    `SELECT id::text, state, descriptor, descriptor_hash FROM app.wallet`,
  );
  const { rows: pinned } = await sql.query<{ id: string; descriptor_hash: string; xpub: string }>(
    `SELECT w.id, w.descriptor_hash, k.xpub FROM signer.wallet w
     JOIN signer.platform_key k ON k.wallet = w.id`,
  );
  const users = new Map<string, string>();
  for (const { id, state, descriptor, descriptor_hash } of rows) {
    const wallet = idFromUuid('wallet', id);
    const own = pinned.find((row) => row.id === wallet);
    if (state !== 'open') findings.push(`${wallet} is ${state}`);
    if (own === undefined || own.descriptor_hash !== descriptor_hash)
      findings.push(`${wallet} is not pinned as it is`);
    const keys = keysIn(descriptor ?? '');
    if (keys.length !== 3 || !keys.includes(own?.xpub ?? '')) findings.push(`${wallet} has other keys`);
    for (const key of keys) {
      if (users.has(key)) findings.push(`${wallet} shares a key with ${users.get(key) ?? ''}`);
      users.set(key, wallet);
    }
  }
  const { rows: made } = await sql.query('SELECT FROM signer.platform_key');
  if (made.length !== rows.length) findings.push(`${made.length} platform keys for ${rows.length} wallets`);
  for (const backup of backups) {
    const copies = (await readdir(backup)).filter((name) => name.startsWith('platform-'));
    if (copies.length !== made.length) findings.push(`${backup} has ${copies.length} wrapped keys`);
  }
  const { rows: taken } = await sql.query("SELECT FROM app.account_key WHERE state = 'assigned'");
  if (taken.length !== users.size) findings.push(`${taken.length} keys are assigned, ${users.size} are used`);
  return findings;
}

import { basename, join } from 'node:path';
import { fingerprintWords, splitKey, type MasterPrivateKey } from '../keyring/index.ts';
import { withNewPassphrase, writeChecked, type Room } from './ceremony-room.ts';
import { keyOfShares, sealShare, type ShareHead } from './disaster-share.ts';
import { documentBytes } from './documents.ts';
import type { HoldingsStatement } from './holdings.ts';

/** Opens enough shares again, so that what the officers take along is known to work. */
async function proveShares(
  key: MasterPrivateKey,
  heads: readonly ShareHead[],
  shares: readonly Buffer[],
): Promise<void> {
  const { threshold } = heads[0] ?? { threshold: 0 };
  for (let first = 0; first < shares.length; first++) {
    const chosen = Array.from({ length: threshold }, (_, step) => (first + step) % shares.length);
    const opened = chosen.flatMap((at) => {
      const [head, share] = [heads[at], shares[at]];
      return head === undefined || share === undefined ? [] : [{ head, share }];
    });
    await keyOfShares(opened, key.fingerprint);
  }
}

/** The disaster key: made, split and forgotten. Its private half is in no file, only in the shares. */
export async function makeDisasterKey(room: Room): Promise<HoldingsStatement['disaster']> {
  const { plan, desk } = room;
  if (plan.disaster === null) return null;
  const { threshold, holders } = plan.disaster;
  desk.say(['', `Step: the disaster key; any ${threshold} of ${holders.length} shares open it.`]);
  const key = await desk.makeKey();
  const shares = await splitKey(key, threshold, holders.length);
  try {
    const heads = holders.map((holder, at) => ({
      purpose: 'share of the disaster key' as const,
      version: 1 as const,
      institution: plan.institution,
      network: plan.network,
      key: key.fingerprint,
      threshold,
      number: at + 1,
      of: holders.length,
      holder,
    }));
    await proveShares(key, heads, shares);
    const held: NonNullable<HoldingsStatement['disaster']>['holders'] = [];
    for (const [at, head] of heads.entries()) {
      const file = join('private', `disaster-share-${head.number}.json`);
      const fileHash = await withNewPassphrase(room, head.holder, file, async (passphrase) => {
        const share = sealShare(head, shares[at] ?? Buffer.alloc(0), passphrase);
        return writeChecked(join(room.folder, file), documentBytes(share));
      });
      held.push({ person: head.holder, number: head.number, file: basename(file), fileHash });
    }
    const pem = key.key.export({ format: 'pem', type: 'spki' }).toString();
    await writeChecked(join(room.folder, 'public', 'disaster.pub.pem'), Buffer.from(pem));
    await desk.compareWords('the disaster key', fingerprintWords(key.fingerprint));
    return { key: key.fingerprint, threshold, holders: held };
  } finally {
    for (const share of shares) share.fill(0);
  }
}

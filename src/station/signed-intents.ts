import { join } from 'node:path';
import { z } from 'zod';
import {
  abandonedTransactions,
  type Manifest,
  type SigningBundle,
  type VerifiedBundle,
} from '../intents/index.ts';
import { makeDirectory, namesIn, readDocument, readDocumentIfThere, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import { txidsOf } from './freeze-status.ts';
import type { Station } from './station.ts';

/** What was signed for an intent: a transaction by the coins it spends. */
const signedSchema = z.strictObject({ txid: z.string(), outpoints: z.array(z.string()).min(1) });

const folderOf = (station: Station, intentHash: string): string =>
  join(station.directory, 'signed', intentHash);

/** A child confirms with its parent alone, so it goes by the parent's coins too. */
function outpointsOf({ explanation, parent }: VerifiedBundle): string[] {
  return [...(parent?.outpoints ?? []), ...explanation.inputs.map(({ outpoint }) => outpoint)];
}

/**
 * One intent, one confirmed transaction: whatever else was signed for it must share a coin with this one, so that
 * only one of them can ever confirm, as fee variants and replacements do, or the platform signer has given it up.
 * @throws StationError `intent_signed_otherwise`; IntentError `signature_…` of what is said to be given up.
 */
export async function requireNotSignedOtherwise(
  station: Station,
  { abandoned = [] }: SigningBundle,
  verified: VerifiedBundle,
  manifest: Manifest,
): Promise<void> {
  const givenUp = await abandonedTransactions(abandoned, manifest);
  const spent = new Set(outpointsOf(verified));
  for (const { hash, intent } of verified.intents) {
    const folder = folderOf(station, hash);
    for (const name of await namesIn(folder)) {
      const signed = signedSchema.safeParse(await readDocument(join(folder, name)));
      if (!signed.success)
        throw new StationError('station_damaged', 'The record of what was signed is damaged.');
      if (signed.data.outpoints.some((outpoint) => spent.has(outpoint))) continue;
      if (givenUp.has(signed.data.txid)) continue;
      throw new StationError(
        'intent_signed_otherwise',
        'Another transaction was signed for this intent, and both could confirm: its payee would be paid twice.',
        { details: { intent: intent.id, signed: signed.data.txid } },
      );
    }
  }
}

/** Notes durably what is about to be handed out. */
export async function noteSigned(station: Station, verified: VerifiedBundle): Promise<void> {
  const txids = txidsOf(verified);
  for (const { hash } of verified.intents) {
    const folder = folderOf(station, hash);
    await makeDirectory(folder);
    for (const txid of txids) {
      const path = join(folder, `${txid}.json`);
      if ((await readDocumentIfThere(path)) === undefined) {
        await writeDocument(path, { txid, outpoints: outpointsOf(verified) });
      }
    }
  }
}

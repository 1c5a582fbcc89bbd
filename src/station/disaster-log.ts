import { join } from 'node:path';
import { isoTime } from '../shared/index.ts';
import { makeDirectory, namesIn, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import type { Station } from './station.ts';

const MIN_REASON = 10;
const MAX_REASON = 500;

/** @returns it in short. @throws StationError `ceremony_refused` for what is no reason in words. */
export function requireReason(reason: string): string {
  const said = reason.trim();
  if (said.length >= MIN_REASON && said.length <= MAX_REASON) return said;
  throw new StationError(
    'ceremony_refused',
    `Say in ${MIN_REASON} to ${MAX_REASON} characters why this is a disaster.`,
  );
}

/**
 * Notes durably, before anything is signed, that officers sign without asking whose accounts are frozen: there may be
 * no signer left to say so. One file each, numbered. @throws StationError `ceremony_refused`.
 */
export async function noteDisaster(
  station: Station,
  reason: string,
  txids: readonly string[],
  nowMs: number,
): Promise<void> {
  const said = requireReason(reason);
  const folder = join(station.directory, 'disasters');
  await makeDirectory(folder);
  const number = String((await namesIn(folder)).length + 1).padStart(6, '0');
  await writeDocument(join(folder, `${number}.json`), { at: isoTime(nowMs), reason: said, txids });
}

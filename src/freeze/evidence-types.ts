import { FreezeError } from './errors.ts';
import type { EvidenceType } from './evidence-types-contract.ts';

/** How files of a type begin. */
const BEGINNINGS = {
  'application/pdf': Buffer.from('%PDF-'),
  'image/png': Buffer.from('89504e470d0a1a0a', 'hex'),
  'image/jpeg': Buffer.from('ffd8ff', 'hex'),
} as const;

function isText(content: Uint8Array): boolean {
  try {
    // What a terminal or a viewer would act on is no plain text.
    return !/[\0-\x08\x0e-\x1f\x7f]/.test(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    return false;
  }
}

function fits(type: EvidenceType, content: Uint8Array): boolean {
  if (type === 'text/plain') return isText(content);
  const beginning = BEGINNINGS[type];
  return beginning.equals(content.subarray(0, beginning.length));
}

/** A file is what it says it is, as far as its first bytes tell. @throws FreezeError `evidence_type_refused`. */
export function requireType(type: EvidenceType, content: Uint8Array): void {
  if (fits(type, content)) return;
  throw new FreezeError('evidence_type_refused', `The file is no ${type}.`, { details: { type } });
}

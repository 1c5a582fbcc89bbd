/** What staff may attach: what people can look at without running it. */
export const EVIDENCE_TYPES = ['application/pdf', 'image/png', 'image/jpeg', 'text/plain'] as const;
export type EvidenceType = (typeof EVIDENCE_TYPES)[number];

/** A scanned letter of some pages. */
export const MAX_EVIDENCE_BYTES = 5 * 1024 * 1024;
/** Of one restriction. */
export const MAX_EVIDENCE_FILES = 100;

import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { EVIDENCE_TYPES, MAX_EVIDENCE_BYTES } from './evidence-types-contract.ts';

const TAG = 'restrictions';
const STAFF = ['compliance', 'officer', 'auditor'] as const;
/** Of millions of characters: groups of four would be too deep for a regular expression. */
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const MAX_BASE64 = Math.ceil(MAX_EVIDENCE_BYTES / 3) * 4;
/** Around the content. */
const MAX_ENVELOPE_BYTES = 4_096;

const content = z
  .string()
  .min(4)
  .max(MAX_BASE64)
  .regex(BASE64, { error: 'must be base64' })
  .refine((text) => text.length % 4 === 0, { error: 'must be base64' })
  .meta({ description: `Base64 (RFC 4648) of at most ${MAX_EVIDENCE_BYTES} bytes` });

const evidenceSchema = z
  .object({
    id: idField('evidence'),
    restriction: idField('restriction'),
    name: z.string(),
    mediaType: z.enum(EVIDENCE_TYPES),
    bytes: z.int().min(1),
    sha256: z.string().meta({ description: 'Of the content, hex; the audit log has it too' }),
    addedBy: z.string(),
    addedAt: timeField,
  })
  .meta({ id: 'Evidence' });

const restrictionParams = z.strictObject({ restrictionId: idField('restriction') });

export const attachEvidence = defineOperation({
  method: 'post',
  path: '/v1/restrictions/{restrictionId}/evidence',
  operationId: 'attachEvidence',
  tag: TAG,
  summary: 'Attach a file that says why',
  description:
    'It is kept byte by byte and for good; its SHA-256 goes to the audit log, and whoever reads the file later is told ' +
    'when it is not the same any more. Customers never see it.',
  access: allow(['compliance', 'officer']),
  params: restrictionParams,
  maxBodyBytes: MAX_BASE64 + MAX_ENVELOPE_BYTES,
  body: z.strictObject({
    name: lineField(200).meta({ description: 'What the file is called' }),
    mediaType: z.enum(EVIDENCE_TYPES),
    content,
  }),
  responses: { 201: { description: 'Kept', body: evidenceSchema } },
  errors: ['restriction_unknown', 'evidence_type_refused', 'evidence_too_many'],
  idempotency: 'key',
  examples: {
    body: { name: 'call.txt', mediaType: 'text/plain', content: 'U2hlIGNhbGxlZCBhdCBub29uLgo=' },
  },
});

export const listEvidence = defineOperation({
  method: 'get',
  path: '/v1/restrictions/{restrictionId}/evidence',
  operationId: 'listEvidence',
  tag: TAG,
  summary: 'What is attached to a restriction; oldest first',
  access: allow(STAFF),
  params: restrictionParams,
  responses: {
    200: {
      description: 'All of it',
      body: z.object({ items: z.array(evidenceSchema) }).meta({ id: 'EvidenceList' }),
    },
  },
  errors: ['restriction_unknown'],
});

export const readEvidence = defineOperation({
  method: 'get',
  path: '/v1/evidence/{evidenceId}',
  operationId: 'readEvidence',
  tag: TAG,
  summary: 'A file as it was attached',
  description: 'Compared with what the audit log says of it; who reads it is on record.',
  access: allow(STAFF),
  params: z.strictObject({ evidenceId: idField('evidence') }),
  responses: {
    200: { description: 'The file', body: evidenceSchema.extend({ content }).meta({ id: 'EvidenceFile' }) },
  },
  errors: ['evidence_unknown', 'evidence_damaged'],
});

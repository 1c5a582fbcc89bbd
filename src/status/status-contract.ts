import { z } from 'zod';
import { publicAccess } from '../http/access-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';

/** Every program that a status answer can name; the roles of the command line that keep running. */
export const PROCESS_ROLES = ['api', 'worker', 'ledger', 'signer', 'witness'] as const;

export const processStatusSchema = z
  .strictObject({
    role: z.enum(PROCESS_ROLES),
    state: z
      .enum(['starting', 'running', 'stopping', 'stopped', 'unreachable'])
      .describe('What the process last said of itself; `unreachable` when it says nothing.'),
    startedAt: z.iso.datetime().nullable().describe('When this run of the process began.'),
    restarts: z.int().min(0).describe('How often the supervisor had to start it again.'),
  })
  .meta({ id: 'ProcessStatus' });

const databaseStatusSchema = z
  .strictObject({
    state: z.enum(['up', 'down']),
    serverVersion: z.string().nullable().describe('As PostgreSQL reports it, e.g. `18.4`.'),
    answeredInMs: z.int().min(0).nullable().describe('How long it took to answer.'),
  })
  .meta({ id: 'DatabaseStatus' });

const blockReferenceSchema = z
  .strictObject({
    height: z.int().min(0),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    time: z.iso.datetime().describe('The time in the block header.'),
  })
  .meta({ id: 'BlockReference' });

const nodeStatusSchema = z
  .strictObject({
    state: z
      .enum(['up', 'stale', 'down'])
      .describe('`stale`: it answers, but its tip is older than it should be.'),
    network: z.enum(['mainnet', 'testnet', 'signet', 'regtest']),
    implementation: z.string().nullable().describe('What the node calls itself.'),
    tip: blockReferenceSchema.nullable(),
  })
  .meta({ id: 'NodeStatus' });

const ledgerStatusSchema = z
  .strictObject({
    state: z.enum(['leading', 'replaying', 'down']),
    sequence: z
      .string()
      .regex(/^(0|[1-9][0-9]{0,18})$/)
      .nullable()
      .describe('Sequence number of the last committed batch.'),
    headHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable()
      .describe('Hash of the last committed batch.'),
  })
  .meta({ id: 'LedgerStatus' });

export const statusSchema = z
  .strictObject({
    version: z.string().describe('Version of Trilock.'),
    health: z
      .enum(['ok', 'degraded', 'down'])
      .describe('`ok`: everything runs. `degraded`: something does not. `down`: no money can move.'),
    observedAt: z.iso.datetime(),
    processes: z.array(processStatusSchema),
    database: databaseStatusSchema,
    node: nodeStatusSchema,
    ledger: ledgerStatusSchema,
  })
  .meta({ id: 'Status' });

export type ProcessStatus = z.infer<typeof processStatusSchema>;
/** The answer of `GET /v1/status`. */
export type Status = z.infer<typeof statusSchema>;

export const getStatus = defineOperation({
  method: 'get',
  path: '/v1/status',
  operationId: 'getStatus',
  tag: 'status',
  summary: 'Status of the installation',
  description: 'Processes, database, node and ledger as last observed. Always answered, whatever is down.',
  access: publicAccess('it is what the public status page shows, and names nothing of customers or hosts'),
  responses: { 200: { description: 'As last observed', body: statusSchema } },
  errors: [],
});

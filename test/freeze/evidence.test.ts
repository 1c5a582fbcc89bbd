import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { MAX_EVIDENCE_BYTES } from '../../src/freeze/evidence-types-contract.ts';
import { idToUuid } from '../../src/shared/index.ts';
import { newCustomer, newStaff, useBank, type Caller } from '../identity/support/bank.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';

const bank = useBank();

const PDF = Buffer.concat([
  Buffer.from('%PDF-1.7\n'),
  Buffer.from(Array.from({ length: 256 }, (_, at) => at)),
]);

let officer: Caller;
let auditor: Caller;
let customer: Caller;
let restriction: string;

beforeAll(async () => {
  officer = (await newStaff(bank(), 'compliance')).caller;
  auditor = (await newStaff(bank(), 'auditor')).caller;
  const owner = await newCustomer(bank());
  customer = owner.caller;
  const { body: me } = await customer.send('GET', '/v1/me');
  const opened = await officer.send('POST', '/v1/restrictions', {
    customer: me['id'],
    reasonCode: 'account_takeover',
    text: 'Please call us.',
    restrictedText: 'A hint.',
    reviewAt: '2027-01-01T00:00:00.000Z',
  });
  restriction = opened.body['id'] as string;
});

const path = (): string => `/v1/restrictions/${restriction}/evidence`;

function file(content: Buffer, mediaType = 'application/pdf', name = 'letter.pdf') {
  return { name, mediaType, content: content.toString('base64') };
}

async function attached(content = PDF): Promise<string> {
  const { status, body } = await officer.send('POST', path(), file(content));
  expect(status).toBe(201);
  return body['id'] as string;
}

/** An administrator's chair: no grant and no trigger stands in the way. */
async function tamper(statement: string): Promise<void> {
  await runAsSuperuser(bank().testDatabase, `SET session_replication_role = replica; ${statement}`);
}

test('a file is kept byte by byte, its hash goes to the audit log, and who reads it is on record', async () => {
  const id = await attached();
  const sha256 = createHash('sha256').update(PDF).digest('hex');
  const { body } = await auditor.send('GET', `/v1/evidence/${id}`);
  expect(Buffer.from(body['content'] as string, 'base64').equals(PDF)).toBe(true);
  expect(body).toMatchObject({ name: 'letter.pdf', bytes: PDF.length, sha256, restriction });
  const listed = await auditor.send('GET', path());
  expect(listed.body['items']).toEqual([expect.objectContaining({ id, sha256 })]);
  const entries = await bank().database.auditEntry.findMany({
    where: { entity: restriction },
    orderBy: { id: 'asc' },
  });
  expect(entries.map(({ action }) => action).slice(-2)).toEqual([
    'restriction.attach',
    'restriction.evidence_read',
  ]);
  expect(entries.at(-2)?.content).toContain(sha256);
});

test('a customer neither attaches nor reads, and an auditor reads alone', async () => {
  const id = await attached();
  for (const [method, at] of [
    ['GET', `/v1/evidence/${id}`],
    ['GET', path()],
    ['POST', path()],
  ] as const) {
    const body = method === 'POST' ? file(PDF) : undefined;
    expect(await customer.send(method, at, body)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  }
  expect((await auditor.send('POST', path(), file(PDF))).status).toBe(403);
});

test('a file is what it says, and neither empty nor larger than allowed', async () => {
  const code = async (body: object): Promise<unknown> =>
    (await officer.send('POST', path(), body)).body['code'];
  expect(await code(file(Buffer.from('MZ\x90\0'), 'application/pdf'))).toBe('evidence_type_refused');
  expect(await code(file(PDF, 'image/png'))).toBe('evidence_type_refused');
  expect(await code(file(Buffer.from('\x1b[2Jgone'), 'text/plain'))).toBe('evidence_type_refused');
  expect(await code(file(Buffer.from([0xc3, 0x28, 0x41]), 'text/plain'))).toBe('evidence_type_refused');
  expect(await code(file(PDF, 'text/html'))).toBe('request_invalid');
  expect(await code(file(Buffer.alloc(0)))).toBe('request_invalid');
  expect(await code({ ...file(PDF), content: 'not base64!!' })).toBe('request_invalid');
  const largest = Buffer.concat([PDF, Buffer.alloc(MAX_EVIDENCE_BYTES - PDF.length, 7)]);
  expect(await code(file(Buffer.concat([largest, Buffer.from('xxx')])))).toBe('request_invalid');
  expect(await code(file(Buffer.concat([largest, Buffer.alloc(100_000)])))).toBe('body_too_large');
  const id = await attached(largest);
  const { body } = await officer.send('GET', `/v1/evidence/${id}`);
  expect(body['bytes']).toBe(MAX_EVIDENCE_BYTES);
  const unknown = await officer.send(
    'POST',
    '/v1/restrictions/rst_01jd1f0v00e008000000000001/evidence',
    file(PDF),
  );
  expect(unknown).toMatchObject({ status: 404, body: { code: 'restriction_unknown' } });
});

test('nobody changes or removes a file: not the application, and a superuser not unnoticed', async () => {
  const id = await attached();
  const uuid = idToUuid(id as Parameters<typeof idToUuid>[0]);
  const where = { id: uuid };
  await expect(bank().database.evidence.updateMany({ where, data: { name: 'x' } })).rejects.toThrow(
    'permission',
  );
  await expect(bank().database.evidence.deleteMany({ where })).rejects.toThrow('permission');
  // Content and hash together, so that the row agrees with itself.
  await tamper(
    `UPDATE app.evidence SET content = '\\x255044462d', bytes = 5, sha256 = encode(sha256('\\x255044462d'), 'hex') WHERE id = '${uuid}'`,
  );
  expect(await officer.send('GET', `/v1/evidence/${id}`)).toMatchObject({
    status: 500,
    body: { code: 'evidence_damaged' },
  });
  const alerts = await bank().database.outboxEvent.findMany({ where: { type: 'alert.raised', subject: id } });
  expect(alerts.map(({ content }) => content.includes('evidence_damaged'))).toEqual([true]);
  await tamper(`UPDATE app.evidence SET name = 'other.pdf' WHERE id = '${uuid}'`);
  expect((await officer.send('GET', `/v1/evidence/${id}`)).body['code']).toBe('evidence_damaged');
});

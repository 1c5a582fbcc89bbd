import { base32nopad } from '@scure/base';
import { expect, test } from 'vitest';
import type { PublishedEvent } from '../../src/events/index.ts';
import { tellingOf } from '../../src/notices/notice-texts.ts';
import { totpCode, totpStep } from '../../src/identity/totp.ts';
import { Caller, PASSWORD, newCustomer, newStaff, useBank, type Bank } from './support/bank.ts';

const bank = useBank();

async function audited(current: Bank, entity: string): Promise<Record<string, unknown>[]> {
  const { rows } = await current.pool.query<{ content: string }>(
    `SELECT content FROM app.audit_entry WHERE content LIKE $1 ORDER BY id`,
    [`%${entity}%`],
  );
  return rows.map(({ content }) => JSON.parse(content) as Record<string, unknown>);
}

async function addSecondFactor(caller: Caller): Promise<Buffer> {
  const begun = await caller.send('POST', '/v1/me/second-factor', { password: PASSWORD });
  expect(begun.status).toBe(201);
  const secret = new URL(begun.body['uri'] as string).searchParams.get('secret') ?? '';
  return Buffer.from(base32nopad.decode(secret));
}

function codeNow(secret: Buffer): string {
  return totpCode(secret, totpStep(bank().clock.nowMs()));
}

test('a second factor counts once confirmed, each code counts once, and it is removed with both proofs', async () => {
  const { caller, email } = await newCustomer(bank());
  const secret = await addSecondFactor(caller);
  expect(await new Caller(bank()).signIn(email)).toMatchObject({ status: 201 });
  expect(await caller.send('PUT', '/v1/me/second-factor', { code: '000000' })).toMatchObject({ status: 422 });
  expect(await caller.send('PUT', '/v1/me/second-factor', { code: codeNow(secret) })).toMatchObject({
    status: 204,
  });

  const without = await new Caller(bank()).signIn(email);
  expect(without).toMatchObject({ status: 401, body: { code: 'second_factor_required' } });
  const used = await new Caller(bank()).signIn(email, '/v1/sessions', codeNow(secret));
  expect(used).toMatchObject({ status: 401, body: { code: 'sign_in_failed' } });
  bank().clock.advance(60_000);
  const code = codeNow(secret);
  const racing = await Promise.all(
    [1, 2, 3].map(() => new Caller(bank()).signIn(email, '/v1/sessions', code)),
  );
  expect(racing.map(({ status }) => status).sort()).toEqual([201, 401, 401]);

  bank().clock.advance(60_000);
  const wrong = await caller.send('POST', '/v1/me/second-factor/removal', {
    password: PASSWORD,
    code: '000000',
  });
  expect(wrong).toMatchObject({ status: 422 });
  const removed = await caller.send('POST', '/v1/me/second-factor/removal', {
    password: PASSWORD,
    code: codeNow(secret),
  });
  expect(removed).toMatchObject({ status: 204 });
  expect(await new Caller(bank()).signIn(email)).toMatchObject({ status: 201 });
});

test('the shared secret is sealed in the table, to its owner', async () => {
  const { caller } = await newCustomer(bank());
  const secret = await addSecondFactor(caller);
  const { rows } = await bank().pool.query<{ totp_sealed: Buffer }>(
    `SELECT totp_sealed FROM app.credential WHERE kind = 'totp' AND totp_sealed IS NOT NULL`,
  );
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.some((row) => row.totp_sealed.includes(secret))).toBe(false);
});

test('an API key does what its scopes say, is shown once, and ends when revoked', async () => {
  const { caller, id } = await newCustomer(bank());
  const wish = { label: 'Books', scopes: ['identity:read'], password: PASSWORD };
  const header = { 'idempotency-key': 'a-key-for-the-test-of-api-keys' };
  const made = await caller.send('POST', '/v1/api-keys', wish, header);
  expect(made.status).toBe(201);
  const key = made.body['key'] as string;
  expect(key).toMatch(/^tlk_[0-9a-z]{26}_[A-Za-z0-9_-]{43}$/);
  const again = await caller.send('POST', '/v1/api-keys', wish, header);
  expect(again).toMatchObject({ status: 201, body: { key: null, apiKey: made.body['apiKey'] } });
  expect(again.headers.get('idempotency-replayed')).toBe('true');

  const program = new Caller(bank());
  program.apiKey = key;
  expect(await program.send('GET', '/v1/me')).toMatchObject({ status: 200, body: { id, csrfToken: null } });
  const sessionOnly = await program.send('GET', '/v1/sessions');
  expect(sessionOnly).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
  const altered = new Caller(bank());
  altered.apiKey = `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`;
  expect(await altered.send('GET', '/v1/me')).toMatchObject({
    status: 401,
    body: { code: 'credentials_invalid' },
  });

  const keyId = (made.body['apiKey'] as { id: string }).id;
  const stranger = await newCustomer(bank());
  expect(await stranger.caller.send('DELETE', `/v1/api-keys/${keyId}`)).toMatchObject({ status: 404 });
  expect(await caller.send('DELETE', `/v1/api-keys/${keyId}`)).toMatchObject({ status: 204 });
  expect(await program.send('GET', '/v1/me')).toMatchObject({ status: 401 });
  expect((await audited(bank(), keyId)).map(({ action }) => action)).toEqual([
    'credential.add',
    'credential.revoke',
  ]);
});

test('a stolen session cannot make a key: that needs the password', async () => {
  const { caller } = await newCustomer(bank());
  const wish = { label: 'Mine now', scopes: ['withdrawals:write'], password: 'a guess by a thief' };
  const refused = await caller.send('POST', '/v1/api-keys', wish);
  expect(refused).toMatchObject({ status: 403, body: { code: 'password_wrong' } });
  expect((await caller.send('GET', '/v1/api-keys')).body).toEqual({ items: [] });
});

test('an integrator acts through the key that an admin made, until it expires', async () => {
  const { caller } = await newStaff(bank(), 'admin');
  const name = `Exchange ${String(Math.random())}`;
  const integrator = await caller.send('POST', '/v1/integrators', { name });
  expect(integrator.status).toBe(201);
  const expiresAt = new Date(bank().clock.nowMs() + 60_000).toISOString();
  const made = await caller.send('POST', `/v1/integrators/${integrator.body['id'] as string}/api-keys`, {
    label: 'Production',
    scopes: ['identity:read'],
    expiresAt,
    password: PASSWORD,
  });
  const program = new Caller(bank());
  program.apiKey = made.body['key'] as string;
  expect(await program.send('GET', '/v1/me')).toMatchObject({
    status: 200,
    body: { kind: 'integrator', displayName: name, roles: ['integrator'] },
  });
  expect(await program.send('GET', '/v1/customers')).toMatchObject({ status: 403 });
  bank().clock.advance(60_000);
  expect(await program.send('GET', '/v1/me')).toMatchObject({ status: 401 });
  expect(await caller.send('POST', '/v1/integrators', { name })).toMatchObject({ status: 409 });
});

test('sign-in, refusal and registration are in the audit log, without a word of the password', async () => {
  const { caller, email, id } = await newCustomer(bank());
  await new Caller(bank()).send('POST', '/v1/sessions', { email, password: 'the wrong password' });
  await caller.send('DELETE', '/v1/sessions/current');
  const entries = await audited(bank(), id);
  expect(entries.map(({ action }) => action)).toEqual([
    'customer.register',
    'session.open',
    'session.refuse',
    'session.end',
  ]);
  expect(entries[1]).toMatchObject({ actor: `customer:${id}`, strength: 'password' });
  expect(entries[2]).toMatchObject({ actor: 'anonymous', strength: 'none', entity: id });
  expect(JSON.stringify(entries)).not.toMatch(/wrong password|horse battery/);
});

test('pages of customers follow each other without gap or repetition, and cursors cannot be made up', async () => {
  for (let i = 0; i < 5; i++) await newCustomer(bank());
  const { caller } = await newStaff(bank(), 'compliance');
  const other = await newStaff(bank(), 'compliance');
  const seen: string[] = [];
  let after = '';
  let cursor = '';
  do {
    const { status, body } = await caller.send('GET', `/v1/customers?limit=2${after}`);
    expect(status).toBe(200);
    seen.push(...(body['items'] as { id: string }[]).map((item) => item.id));
    cursor = (body['nextCursor'] as string | null) ?? '';
    if (cursor !== '') {
      const foreign = await other.caller.send('GET', `/v1/customers?after=${cursor}`);
      expect(foreign).toMatchObject({ status: 400, body: { code: 'cursor_invalid' } });
    }
    after = `&after=${cursor}`;
  } while (cursor !== '');
  const { rows } = await bank().pool.query<{ count: bigint }>('SELECT count(*) FROM app.customer');
  expect(BigInt(seen.length)).toBe(rows[0]?.count);
  expect([...new Set(seen)].sort()).toEqual(seen);
  for (const forged of ['x', 'AAAA', Buffer.alloc(60).toString('base64url'), '%00', 'é']) {
    const answer = await caller.send('GET', `/v1/customers?after=${forged}`);
    expect(answer.status).toBe(400);
  }
});

test('the tables refuse what the code would never write', async () => {
  const { id } = await newCustomer(bank());
  const refused = async (sql: string, values: unknown[] = []) =>
    expect(bank().pool.query(sql, values)).rejects.toThrow();
  await refused(`DELETE FROM app.credential`);
  await refused(`DELETE FROM app.session`);
  await refused(`DELETE FROM app.idempotency_key`);
  await refused(`UPDATE app.customer SET email = 'eve@example.com'`);
  await refused(`UPDATE app.session SET token_hash = token_hash`);
  await refused(`UPDATE app.credential SET revoked_at = now() WHERE kind = 'password'`);
  await refused(`UPDATE app.idempotency_key SET status = 500 WHERE completed_at IS NOT NULL`);
  await refused(`UPDATE app.staff SET roles = ARRAY['god']`);
  await refused(
    `INSERT INTO app.credential (id, kind, label, created_at) VALUES (gen_random_uuid(), 'password', 'x', now())`,
  );
  expect(id).toMatch(/^cus_/);
});

test('a customer hears of every change of who can act for them, and nobody else does', async () => {
  const { caller, id } = await newCustomer(bank());
  const next = 'another horse battery';
  const made = await caller.send('POST', '/v1/api-keys', {
    ...{ label: 'Shop', scopes: ['identity:read'], password: PASSWORD },
  });
  const { id: key } = made.body['apiKey'] as { id: string };
  await caller.send('DELETE', `/v1/api-keys/${key}`);
  const secret = await addSecondFactor(caller);
  await caller.send('PUT', '/v1/me/second-factor', { code: codeNow(secret) });
  bank().clock.advance(60_000);
  const proof = { password: PASSWORD, code: codeNow(secret) };
  expect((await caller.send('POST', '/v1/me/second-factor/removal', proof)).status).toBe(204);
  const change = { currentPassword: PASSWORD, newPassword: next };
  expect((await caller.send('PUT', '/v1/me/password', change)).status).toBe(204);

  const rows = await bank().database.outboxEvent.findMany({ where: { subject: id }, orderBy: { id: 'asc' } });
  const events = rows.map(({ content }) => JSON.parse(content) as PublishedEvent).slice(1);
  expect(events.map(({ type, customer }) => [type, customer])).toEqual([
    ['api_key.created', id],
    ['api_key.revoked', id],
    ['second_factor.added', id],
    ['second_factor.removed', id],
    ['password.changed', id],
  ]);
  expect(events.map(tellingOf)).toEqual([
    'An API key was made: Shop. It may use: identity:read.',
    'Your API key Shop was revoked.',
    'A second factor is needed to sign in from now on.',
    'Your second factor was removed: your password suffices to sign in.',
    'Your password was changed, and every other session was ended.',
  ]);
  expect(JSON.stringify(events)).not.toContain(next);
});

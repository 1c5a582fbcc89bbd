import { expect, test } from 'vitest';
import { Caller, ORIGIN, PASSWORD, freshEmail, newCustomer, newStaff, useBank } from './support/bank.ts';

const bank = useBank();

test('a customer registers, signs in, is known, and signs out', async () => {
  const caller = new Caller(bank());
  const email = freshEmail().toUpperCase();
  const registered = await caller.send('POST', '/v1/customers', {
    email,
    displayName: 'Ada',
    password: PASSWORD,
  });
  expect(registered).toMatchObject({ status: 201, body: { email: email.toLowerCase(), displayName: 'Ada' } });
  expect(registered.body['id']).toMatch(/^cus_/);

  const signedIn = await caller.signIn(email);
  expect(signedIn).toMatchObject({ status: 201, body: { id: registered.body['id'], roles: ['customer'] } });
  expect(signedIn.headers.getSetCookie()[0]).toMatch(
    /^__Host-trilock_session=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  );
  expect(await caller.send('GET', '/v1/me')).toMatchObject({
    status: 200,
    body: { kind: 'customer', id: registered.body['id'], csrfToken: caller.csrfToken, secondFactor: false },
  });
  const signedOut = await caller.send('DELETE', '/v1/sessions/current');
  expect(signedOut.status).toBe(204);
  expect(signedOut.headers.getSetCookie()[0]).toContain('Max-Age=0');
  // The cookie was copied by a thief before: it is worth nothing now.
  expect(await caller.send('GET', '/v1/me')).toMatchObject({ status: 401 });
});

test('only hashes are stored: neither token nor password stands in the tables', async () => {
  const { caller } = await newCustomer(bank());
  const token = caller.cookie?.split('=')[1] ?? '';
  expect(token).toHaveLength(43);
  const { rows } = await bank().pool.query<{ text: string }>(
    `SELECT row_to_json(session)::text AS text FROM app.session
     UNION ALL SELECT row_to_json(credential)::text FROM app.credential
     UNION ALL SELECT row_to_json(idempotency_key)::text FROM app.idempotency_key`,
  );
  const dump = rows.map(({ text }) => text).join('\n');
  expect(dump).toContain('$argon2id$');
  expect(dump).not.toContain(token);
  expect(dump).not.toContain(PASSWORD);
  expect(dump).not.toContain(Buffer.from(token).toString('hex'));
});

test('wrong password, unknown address and disabled staff are refused alike', async () => {
  const { email } = await newCustomer(bank());
  const staff = await newStaff(bank(), 'auditor');
  await bank().pool.query(`UPDATE app.staff SET disabled_at = now() WHERE email = $1`, [staff.email]);
  const wrong = await new Caller(bank()).send('POST', '/v1/sessions', {
    email,
    password: 'not the password',
  });
  const unknown = await new Caller(bank()).send('POST', '/v1/sessions', {
    email: freshEmail(),
    password: PASSWORD,
  });
  const disabled = await new Caller(bank()).signIn(staff.email, '/v1/staff/sessions');
  const otherRealm = await new Caller(bank()).signIn(email, '/v1/staff/sessions');
  for (const answer of [wrong, unknown, disabled, otherRealm]) {
    expect(answer.status).toBe(401);
    expect({ ...answer.body, requestId: '' }).toEqual({ ...wrong.body, requestId: '' });
  }
  expect(wrong.body['code']).toBe('sign_in_failed');
  // A session that was open when the account was disabled is closed as well.
  expect(await staff.caller.send('GET', '/v1/me')).toMatchObject({ status: 401 });
});

test('session fixation: a token that the browser brought along is never adopted, and an old session ends', async () => {
  const { caller, email } = await newCustomer(bank());
  const planted = '__Host-trilock_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  const victim = new Caller(bank());
  victim.cookie = planted;
  await victim.signIn(email);
  expect(victim.cookie).not.toBe(planted);

  const before = caller.cookie;
  await caller.signIn(email);
  expect(caller.cookie).not.toBe(before);
  const thief = new Caller(bank());
  thief.cookie = before;
  expect(await thief.send('GET', '/v1/me')).toMatchObject({ status: 401 });
  expect(await caller.send('GET', '/v1/me')).toMatchObject({ status: 200 });
});

test('two session cookies, or a cookie and a key, are refused rather than chosen from', async () => {
  const { caller } = await newCustomer(bank());
  const cookie = caller.cookie ?? '';
  const double = await caller.send('GET', '/v1/me', undefined, { cookie: `${cookie}; ${cookie}x` });
  expect(double).toMatchObject({ status: 400, body: { code: 'credentials_ambiguous' } });
  const both = await caller.send('GET', '/v1/me', undefined, { authorization: 'Bearer tlk_x' });
  expect(both).toMatchObject({ status: 400, body: { code: 'credentials_ambiguous' } });
});

test('CSRF: a change needs the token of this very session and may not come from another site', async () => {
  const { caller } = await newCustomer(bank());
  const other = await newCustomer(bank());
  const rename = (headers: Record<string, string>) =>
    caller.send('PATCH', '/v1/me', { displayName: 'Eve' }, { 'if-match': '"v1"', ...headers });
  const missing = await rename({ 'x-csrf-token': '' });
  expect(missing).toMatchObject({ status: 403, body: { code: 'csrf_token_invalid' } });
  const foreign = await rename({ 'x-csrf-token': other.caller.csrfToken ?? '' });
  expect(foreign).toMatchObject({ status: 403, body: { code: 'csrf_token_invalid' } });
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${ORIGIN}.evil.example` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    expect(await rename(headers)).toMatchObject({ status: 403, body: { code: 'cross_site_refused' } });
  }
  const ours = await rename({ origin: ORIGIN, 'sec-fetch-site': 'same-origin' });
  expect(ours).toMatchObject({ status: 200, body: { displayName: 'Eve' } });
});

test('login CSRF: another site cannot sign a browser in', async () => {
  const { email } = await newCustomer(bank());
  const answer = await new Caller(bank()).send(
    'POST',
    '/v1/sessions',
    { email, password: PASSWORD },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  );
  expect(answer).toMatchObject({ status: 403, body: { code: 'cross_site_refused' } });
});

test('sessions end when idle, and in the end however busy', async () => {
  const idle = await newCustomer(bank());
  bank().clock.advance(29 * 60_000);
  expect(await idle.caller.send('GET', '/v1/me')).toMatchObject({ status: 200 });
  bank().clock.advance(29 * 60_000);
  expect(await idle.caller.send('GET', '/v1/me')).toMatchObject({ status: 200 });
  bank().clock.advance(30 * 60_000);
  expect(await idle.caller.send('GET', '/v1/me')).toMatchObject({ status: 401 });

  const busy = await newCustomer(bank());
  for (let minutes = 0; minutes < 12 * 60 - 25; minutes += 25) {
    bank().clock.advance(25 * 60_000);
    expect(await busy.caller.send('GET', '/v1/me')).toMatchObject({ status: 200 });
  }
  bank().clock.advance(25 * 60_000);
  expect(await busy.caller.send('GET', '/v1/me')).toMatchObject({ status: 401 });
});

test('people see their sessions and end them, but nobody else’s', async () => {
  const { caller, email } = await newCustomer(bank());
  const laptop = new Caller(bank());
  await laptop.signIn(email);
  const stranger = await newCustomer(bank());
  const { body } = await caller.send('GET', '/v1/sessions');
  const items = body['items'] as { id: string; current: boolean }[];
  expect(items.map(({ current }) => current)).toEqual([false, true]);
  const path = `/v1/sessions/${items[0]?.id ?? ''}`;
  expect(await stranger.caller.send('DELETE', path)).toMatchObject({
    status: 404,
    body: { code: 'session_unknown' },
  });
  expect(await laptop.send('GET', '/v1/me')).toMatchObject({ status: 200 });
  expect(await caller.send('DELETE', path)).toMatchObject({ status: 204 });
  expect(await laptop.send('GET', '/v1/me')).toMatchObject({ status: 401 });
  expect(await caller.send('DELETE', path)).toMatchObject({ status: 404 });
});

test('a changed password ends the other sessions, and the old one opens nothing', async () => {
  const { caller, email } = await newCustomer(bank());
  const thief = new Caller(bank());
  await thief.signIn(email);
  const wrong = { currentPassword: 'a guess by a thief', newPassword: 'staple gun and a horse' };
  expect(await thief.send('PUT', '/v1/me/password', wrong)).toMatchObject({
    status: 403,
    body: { code: 'password_wrong' },
  });
  const weak = await caller.send('PUT', '/v1/me/password', {
    currentPassword: PASSWORD,
    newPassword: 'short',
  });
  expect(weak).toMatchObject({ status: 422, body: { code: 'password_weak' } });
  const right = { currentPassword: PASSWORD, newPassword: 'staple gun and a horse' };
  expect(await caller.send('PUT', '/v1/me/password', right)).toMatchObject({ status: 204 });
  expect(await thief.send('GET', '/v1/me')).toMatchObject({ status: 401 });
  expect(await caller.send('GET', '/v1/me')).toMatchObject({ status: 200 });
  expect(await new Caller(bank()).signIn(email)).toMatchObject({ status: 401 });
  const again = await new Caller(bank()).send('POST', '/v1/sessions', { email, password: right.newPassword });
  expect(again).toMatchObject({ status: 201 });
});

test('guessing stops: after five wrong passwords from one place the right one is refused too', async () => {
  const { email } = await newCustomer(bank());
  const guesser = new Caller(bank());
  const guesses = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      guesser.send('POST', '/v1/sessions', { email, password: `guess number ${i}` }),
    ),
  );
  expect(guesses.map(({ status }) => status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  const right = await guesser.signIn(email);
  expect(right).toMatchObject({ status: 429, body: { code: 'rate_limited', retryable: true } });
  expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
  // The account itself is not locked: its owner is elsewhere.
  expect(await new Caller(bank()).signIn(email)).toMatchObject({ status: 201 });
});

test('an account cannot be made twice, whatever the case of its address', async () => {
  const { email } = await newCustomer(bank());
  const again = await new Caller(bank()).send('POST', '/v1/customers', {
    email: email.toUpperCase(),
    displayName: 'Eve',
    password: PASSWORD,
  });
  expect(again).toMatchObject({ status: 409, body: { code: 'email_taken' } });
});

test('updates name a version: 428 without, 412 with an old one', async () => {
  const { caller } = await newCustomer(bank());
  const me = await caller.send('GET', '/v1/me');
  expect(me.headers.get('etag')).toBe('"v1"');
  const rename = (headers: Record<string, string>) =>
    caller.send('PATCH', '/v1/me', { displayName: 'Ada King' }, headers);
  expect(await rename({})).toMatchObject({ status: 428 });
  expect(await rename({ 'if-match': '*' })).toMatchObject({ status: 428 });
  const answers = await Promise.all([1, 2, 3].map(() => rename({ 'if-match': '"v1"' })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  expect(answers.find(({ status }) => status === 200)?.headers.get('etag')).toBe('"v2"');
});

import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { appendEvent, EVENT_STREAM, type NewEvent } from '../../src/events/index.ts';
import { freezeErrorMap } from '../../src/freeze/index.ts';
import { createKeyedHash, httpErrorMap } from '../../src/http/index.ts';
import {
  fileSender,
  noticeErrorMap,
  noticeRoutes,
  sendNotice,
  smsSender,
  smtpSender,
  spreadNotices,
  type Channel,
  type NoticeSender,
  type NoticeWorkParts,
} from '../../src/notices/index.ts';
import { idToUuid, ManualClock, newId, type CustomerId } from '../../src/shared/index.ts';
import { openScene, sealAll, type Scene } from '../audit/scene.ts';
import { startReceiver, status, type Receiver } from '../events/webhooks/receiver.ts';
import { serveApi, testHash } from '../http/support/serve.ts';
import { startMailServer, type MailServer } from './mail-server.ts';

const HOUR_MS = 3_600_000;
const PHONE = '+12025550199';

let scene: Scene;
let mail: MailServer;
let gateway: Receiver;
const clock = new ManualClock(Date.now());
beforeAll(async () => {
  [scene, mail, gateway] = await Promise.all([openScene(), startMailServer(), startReceiver()]);
});
afterAll(() => Promise.all([scene.close(), mail.close(), gateway.close()]));
beforeEach(async () => {
  mail.refusal = '';
  gateway.answer = status(204);
  // What a test leaves behind is no business of the next.
  await work();
  mail.mails.length = 0;
  gateway.messages.length = 0;
});

function parts(senders?: ReadonlyMap<Channel, NoticeSender>): NoticeWorkParts {
  return {
    ...{ database: scene.database, clock, hash: testHash, publicUrl: 'https://bank.example' },
    senders:
      senders ??
      new Map<Channel, NoticeSender>([
        ['email', smtpSender({ url: mail.url, from: 'notices@bank.example', allowClear: true })],
        ['sms', smsSender({ url: gateway.url, token: 'gateway-token-1234' })],
      ]),
  };
}

async function customer(phone: string | null = PHONE): Promise<CustomerId> {
  const id = newId('customer');
  const created = { id: idToUuid(id), email: `${id}@example.com`, displayName: 'Ada', createdAt: new Date() };
  await scene.database.customer.create({ data: created });
  const row = { id: idToUuid(newId('phone')), customerId: idToUuid(id), since: new Date(clock.nowMs()) };
  if (phone !== null) await scene.database.noticePhone.create({ data: { ...row, number: phone } });
  return id;
}

async function tell(event: NewEvent): Promise<void> {
  await inTransaction(scene.database, (tx) => appendEvent(tx, event, clock));
}

function requested(id: CustomerId): NewEvent {
  const facts = { customer: id, balance: 'vault', amountSatoshis: '500000', maxFeeSatoshis: '10000' };
  const withdrawal = newId('withdrawal');
  return { type: 'withdrawal.requested', subject: withdrawal, customer: id, data: { withdrawal, ...facts } };
}

/** Seals, spreads, and attempts what is due; returns how many attempts that were. */
async function work(working = parts()): Promise<number> {
  await sealAll(scene.database, EVENT_STREAM);
  while ((await spreadNotices(working)) > 0);
  let attempts = 0;
  while ((await sendNotice(working)) > 0) attempts += 1;
  return attempts;
}

function linkIn(text: string): string {
  // Quoted-printable breaks long lines (RFC 2045).
  const whole = text.replaceAll('=\r\n', '').replaceAll('=3D', '=');
  return /https:\/\/bank\.example\/lock#([A-Za-z0-9_-]+)/.exec(whole)?.[1] ?? '';
}

/** The API, to somebody who is not signed in. */
async function serve(): Promise<(token: string) => Promise<Response>> {
  const { url } = await serveApi({
    operations: noticeRoutes(parts()),
    errorMap: { ...httpErrorMap, ...noticeErrorMap, ...freezeErrorMap },
    authenticator: {
      fromSessionToken: () => Promise.resolve(null),
      fromApiKey: () => Promise.resolve(null),
    },
  });
  return (token) =>
    fetch(`${url}/v1/account-lock/by-link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
}

it('a request is told by mail and text message, and either link locks the account, once', async () => {
  const ada = await customer();
  await tell(requested(ada));
  expect(await work()).toBe(2);
  const [{ to, data } = { to: '', data: '' }] = mail.mails;
  expect(to).toBe(`${ada}@example.com`);
  expect(data).toContain('A withdrawal of 0.00500000 BTC from your vault balance was asked for.');
  const [message] = gateway.messages;
  expect(message?.headers['authorization']).toBe('Bearer gateway-token-1234');
  const sms = JSON.parse(message?.body ?? '') as { to: string; text: string };
  expect(sms.to).toBe(PHONE);
  expect(linkIn(sms.text)).toBe(linkIn(data));
  const followLink = await serve();
  const follow = () => followLink(linkIn(data));
  expect((await follow()).status).toBe(200);
  expect((await follow()).status).toBe(200);
  const locks = await scene.database.restriction.findMany({ where: { customerId: idToUuid(ada) } });
  expect(locks.map(({ kind, state, openedBy }) => [kind, state, openedBy])).toEqual([
    ['whole_lock', 'freezing', ada],
  ]);
  await scene.tamper(
    `UPDATE restriction SET state = 'released', look_at = NULL, release_intent_id = id WHERE id = '${locks[0]!.id}'`,
  );
  const used = await follow();
  expect([used.status, ((await used.json()) as { code: string }).code]).toEqual([409, 'freeze_link_used']);
});

it('a link is refused when it is altered, signed by somebody else, or late', async () => {
  const ada = await customer(null);
  await tell(requested(ada));
  await work();
  const token = linkIn(mail.mails[0]!.data);
  const other = await customer(null);
  const bytes = Buffer.from(token, 'base64url');
  Buffer.from(idToUuid(other).replaceAll('-', ''), 'hex').copy(bytes);
  const strangers = { ...parts(), hash: createKeyedHash([Buffer.alloc(32, 9)]) };
  await tell(requested(ada));
  await work(strangers);
  const followLink = await serve();
  const codes: unknown[] = [];
  for (const wrong of [bytes.toString('base64url'), linkIn(mail.mails[1]!.data), 'A'.repeat(94)]) {
    const answer = await followLink(wrong);
    codes.push(((await answer.json()) as { code: string }).code);
  }
  expect(codes).toEqual(['freeze_link_invalid', 'freeze_link_invalid', 'freeze_link_invalid']);
  clock.advance(72 * HOUR_MS);
  const late = await followLink(token);
  expect(late.status).toBe(410);
  expect(await scene.database.restriction.count({ where: { customerId: idToUuid(ada) } })).toBe(0);
});

it('what was not taken is tried again with the same id, and its last failure alarms operators', async () => {
  const ada = await customer(null);
  mail.refusal = '451 later';
  await tell(requested(ada));
  expect(await work()).toBe(1);
  expect(await work()).toBe(0);
  clock.advance(5_000);
  expect(await work()).toBe(1);
  mail.refusal = '';
  clock.advance(30_000);
  expect(await work()).toBe(1);
  const notice = await scene.database.notice.findFirstOrThrow({ where: { customerId: idToUuid(ada) } });
  expect([notice.state, notice.attempts]).toEqual(['sent', 3]);
  expect(mail.mails.length).toBe(1);
  mail.refusal = '550 no such box';
  await tell(requested(ada));
  for (let attempt = 0; attempt < 12; attempt++) {
    await work();
    clock.advance(12 * HOUR_MS);
  }
  const failed = await scene.database.notice.findFirstOrThrow({ where: { state: 'failed' } });
  expect([failed.attempts, failed.failure?.includes('550')]).toEqual([10, true]);
  expect(await scene.database.outboxEvent.count({ where: { type: 'alert.raised', subject: ada } })).toBe(1);
});

it('killed between sending and recording, the same message goes out again under its id', async () => {
  const ada = await customer(null);
  const working = parts();
  const sent: string[] = [];
  const dying: NoticeSender = {
    send: (notice) => {
      sent.push(notice.id);
      return Promise.reject(new Error('the process is gone'));
    },
  };
  await tell(requested(ada));
  await work({ ...working, senders: new Map([['email', dying]]) });
  clock.advance(5_000);
  await work(working);
  expect(sent.length).toBe(1);
  expect(mail.mails[0]!.data).toContain(`<${sent[0]}@bank.example>`);
});

it('a mail server that offers no TLS gets nothing, unless it is on this machine', async () => {
  const ada = await customer(null);
  const strict = smtpSender({ url: mail.url, from: 'notices@bank.example', allowClear: false });
  await tell(requested(ada));
  await work(parts(new Map([['email', strict]])));
  expect(mail.mails).toEqual([]);
  clock.advance(12 * HOUR_MS);
  await work();
  expect(mail.mails.length).toBe(1);
});

it('a refusing gateway is tried again', async () => {
  const ada = await customer('+4915112345678');
  gateway.answer = status(503);
  await tell(requested(ada));
  await work();
  gateway.answer = status(204);
  clock.advance(5_000);
  expect(await work()).toBe(1);
  const states = await scene.database.notice.findMany({ where: { customerId: idToUuid(ada) } });
  expect(states.map(({ channel, state }) => [channel, state]).sort()).toEqual([
    ['email', 'sent'],
    ['sms', 'sent'],
  ]);
});

it('in a sandbox messages become files', async () => {
  const ada = await customer(null);
  const folder = await mkdtemp(join(tmpdir(), 'trilock-notices-'));
  await tell(requested(ada));
  await work(parts(new Map([['email', fileSender(folder, 'email')]])));
  const [file = ''] = await readdir(folder);
  expect(await readFile(join(folder, file), 'utf8')).toContain(`To: ${ada}@example.com`);
});

import type { Command } from 'commander';
import * as contract from '../../notices/notice-contract.ts';
import type { AnswerOf } from './api-client.ts';
import { acts } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, type Shown } from './output.ts';

function facts({ email, phone }: AnswerOf<typeof contract.getNoticeContacts>) {
  return { email, phone };
}

async function show({ api }: Connection): Promise<Shown> {
  return one(await api.call(contract.getNoticeContacts, {}), facts);
}

async function setPhone({ api }: Connection, _options: object, number = ''): Promise<Shown> {
  const body = { number: number === 'none' ? null : number };
  return one(await api.call(contract.setNoticePhone, { body }), facts);
}

async function lock({ api }: Connection, _options: object, link = ''): Promise<Shown> {
  const body = { token: link.slice(link.indexOf('#') + 1) };
  return one(await api.call(contract.lockByLink, { body }), ({ lockedAt }) => ({ lockedAt }));
}

/** Where notices go, and what their links do. */
export function registerNotices(client: Command): void {
  const group = client.command('notices').description('what you are told of, and where');
  acts(group.command('contacts').description('where you get notices'), show);
  acts(
    group.command('set-phone <number>').description('for text messages, +12025550199; `none` removes it'),
    setPhone,
  );
  acts(group.command('lock <link>').description('lock the account by the link of a notice'), lock);
}

import type { EventType, PublishedEvent } from '../events/index.ts';
import { formatBitcoin, parseSatoshis } from '../shared/index.ts';

/** What a customer is told of an event: one line, which is also the whole of a text message but for the link. */
type Telling = (data: PublishedEvent['data']) => string;

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function amount(value: unknown): string {
  return formatBitcoin(parseSatoshis(text(value)));
}

/** The events that customers are told of: whatever somebody else could be doing in their name. */
const TELLINGS: Partial<Record<EventType, Telling>> = {
  'withdrawal.requested': ({ amountSatoshis, balance }) =>
    `A withdrawal of ${amount(amountSatoshis)} from your ${text(balance)} balance was asked for.`,
  'withdrawal.broadcast': ({ amountSatoshis }) =>
    `Your withdrawal of ${amount(amountSatoshis)} is on its way.`,
  'credential.added': ({ label }) => `A key that signs withdrawals was added: ${text(label)}.`,
  'api_key.created': ({ label, scopes }) =>
    `An API key was made: ${text(label)}. It may use: ${Array.isArray(scopes) ? scopes.map(text).join(', ') : ''}.`,
  'api_key.revoked': ({ label }) => `Your API key ${text(label)} was revoked.`,
  'password.changed': () => 'Your password was changed, and every other session was ended.',
  'second_factor.added': () => 'A second factor is needed to sign in from now on.',
  'second_factor.removed': () => 'Your second factor was removed: your password suffices to sign in.',
  'master_lock.registered': () => 'A master lock of yours is in force from now on.',
  'master_lock.refused': ({ asked }) => `The ${text(asked)} of your master lock was refused.`,
  'master_lock.ended': ({ reason }) => `Your master lock has ended: ${text(reason)}.`,
  'master_lock.recovery_began': ({ readyAt }) =>
    `You are to get a new master lock in place of a lost one at ${text(readyAt)}. If it was not you who asked, object now.`,
  'master_lock.recovery_completed': () => 'Your new master lock has taken the place of the lost one.',
  'master_lock.recovery_ended': () => 'Your lost master lock is not replaced by a new one.',
  'contact.changed': ({ ending }) =>
    ending === null
      ? 'Your number for text messages was removed.'
      : `Your number for text messages now ends in ${text(ending)}.`,
  'destination.added': ({ label, address, usableAt }) =>
    `A destination was added to your address book: ${text(label)}, ${text(address)}. It counts as known from ${text(usableAt)}.`,
  'limit.raised': ({ satoshis, until }) =>
    `A limit of your withdrawals was raised to ${amount(satoshis)} until ${text(until)}.`,
  'limit.revoked': () => 'A raised limit of your withdrawals counts as before again.',
  'webhook.changed': ({ place }) => `What happens to your account is sent to ${text(place)} from now on.`,
  'allow_list.changed': ({ onlyKnown, beginsAt }) =>
    onlyKnown === true
      ? 'Your payments go only to your address book from now on.'
      : `Your payments may go elsewhere than to your address book from ${text(beginsAt)}.`,
  'account.restricted': ({ text: reason }) => `Your account is restricted. ${text(reason)}`,
  'account.released': () => 'A restriction of your account was lifted.',
  'wallet.recovery_kit_issued': () => 'A recovery kit of your wallet was handed out.',
};

/** What the customer is told of an event, one line; undefined when they are not. */
export function tellingOf({ type, data }: PublishedEvent): string | undefined {
  // A label is somebody's own text: it stays one line, and no address in it becomes one to tap.
  return TELLINGS[type]?.(data).replaceAll(/\s+/gu, ' ').replaceAll('://', ': //').slice(0, 400);
}

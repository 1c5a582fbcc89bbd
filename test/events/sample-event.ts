import type { NewEvent, PublishedEvent } from '../../src/events/index.ts';
import { newId, type CustomerId } from '../../src/shared/index.ts';

/** Some event of a type whose data can carry any text. */
export function sampleEvent(note: string, customer: CustomerId | null = null): NewEvent {
  return { type: 'wallet.failed', subject: newId('wallet'), customer, data: { obstacle: note } };
}

/** The text that a sample event carries. */
export function noteOf({ data }: Pick<PublishedEvent, 'data'>): string {
  return data['obstacle'] as string;
}

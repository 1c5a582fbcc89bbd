import { createHash } from 'node:crypto';
import { ListError } from './lists-errors.ts';
import { ElementReader } from './sanctions-xml.ts';

/** Several times what the list is. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_ADDRESSES = 100_000;
const MAX_NAME = 200;
/** How the list calls bitcoin (ISO 4217 has no code of its own for it). */
const BITCOIN = 'XBT';
const DIGITAL_CURRENCY = /^Digital Currency Address - ([A-Z0-9]{1,10})$/;

/** An address as a published list names it. */
export interface PublishedAddress {
  /** `uid` of the entry that it belongs to. */
  readonly entry: string;
  readonly name: string;
  readonly address: string;
}

/** What a published list says of bitcoin. */
export interface PublishedList {
  readonly publishedOn: Date;
  /** Of the whole file, hex. */
  readonly sha256: string;
  readonly addresses: readonly PublishedAddress[];
  /** Addresses of other currencies. */
  readonly others: number;
}

function dateOf(text: string): Date {
  const [, month, day, year] = /^([0-9]{2})\/([0-9]{2})\/([0-9]{4})$/.exec(text.trim()) ?? [];
  const date = new Date(`${year ?? ''}-${month ?? ''}-${day ?? ''}T00:00:00.000Z`);
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) {
    throw new ListError('sanctions_file_malformed', 'The list does not say when it was published.');
  }
  return date;
}

/** Gathers what the elements say, entry by entry. */
class ListBuilder {
  readonly addresses: PublishedAddress[] = [];
  others = 0;
  publishedOn: Date | undefined;
  #entry = '';
  #name = '';
  #pending: string[] = [];
  #type = '';
  #number = '';

  take(path: string, text: string): void {
    switch (path) {
      case 'sdnList/publshInformation/Publish_Date':
        this.publishedOn = dateOf(text);
        break;
      case 'sdnList/sdnEntry/uid':
        this.#entry = text.trim();
        break;
      case 'sdnList/sdnEntry/lastName':
        this.#name = text.trim().slice(0, MAX_NAME);
        break;
      case 'sdnList/sdnEntry/idList/id/idType':
        this.#type = text.trim();
        break;
      case 'sdnList/sdnEntry/idList/id/idNumber':
        this.#number = text.trim();
        break;
      case 'sdnList/sdnEntry/idList/id':
        this.#takeId();
        break;
      case 'sdnList/sdnEntry':
        this.#takeEntry();
        break;
    }
  }

  #takeId(): void {
    const [, currency] = DIGITAL_CURRENCY.exec(this.#type) ?? [];
    if (currency === BITCOIN) this.#pending.push(this.#number);
    else if (currency !== undefined) this.others += 1;
    this.#type = '';
    this.#number = '';
  }

  #takeEntry(): void {
    if (this.#pending.length > 0 && !/^[0-9]{1,12}$/.test(this.#entry)) {
      throw new ListError('sanctions_file_malformed', 'An entry of the list has no number.');
    }
    for (const address of this.#pending) {
      this.addresses.push({ entry: this.#entry, name: this.#name, address });
    }
    if (this.addresses.length > MAX_ADDRESSES) {
      throw new ListError('sanctions_file_too_large', 'The list names more addresses than is credible.');
    }
    this.#entry = '';
    this.#name = '';
    this.#pending = [];
  }
}

/**
 * Reads the Specially Designated Nationals list of the US Treasury's Office of Foreign Assets Control as it publishes
 * it (`SDN.XML`), of which only the digital-currency addresses of bitcoin are kept. The file is read piece by piece.
 * @throws ListError `sanctions_file_malformed`, `sanctions_file_too_large`.
 */
export async function readSanctionsFile(pieces: AsyncIterable<Uint8Array>): Promise<PublishedList> {
  const list = new ListBuilder();
  const reader = new ElementReader((path, text) => list.take(path, text));
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  const hash = createHash('sha256');
  let bytes = 0;
  const decode = (piece: Uint8Array | undefined): string => {
    try {
      return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
    } catch (cause) {
      throw new ListError('sanctions_file_malformed', 'The list is not UTF-8.', { cause });
    }
  };
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > MAX_BYTES)
      throw new ListError('sanctions_file_too_large', 'The list is larger than is credible.');
    hash.update(piece);
    reader.push(decode(piece));
  }
  reader.push(decode(undefined));
  reader.end();
  const { publishedOn, addresses, others } = list;
  if (publishedOn === undefined) {
    throw new ListError('sanctions_file_malformed', 'The list does not say when it was published.');
  }
  return { publishedOn, sha256: hash.digest('hex'), addresses, others };
}

import { ChainError } from '../errors.ts';

/**
 * A number exactly as the node wrote it. Bitcoin Core writes amounts as JSON numbers of bitcoin (`0.1`), which
 * `JSON.parse` would turn into binary fractions; here the text survives until a reader that knows its meaning
 * takes it.
 */
export interface RpcNumber {
  readonly [numberText]: string;
}

const numberText: unique symbol = Symbol('number text');

export function rpcNumber(text: string): RpcNumber {
  return { [numberText]: text };
}

export function isRpcNumber(value: unknown): value is RpcNumber {
  return typeof value === 'object' && value !== null && numberText in value;
}

export function textOfNumber(number: RpcNumber): string {
  return number[numberText];
}

export type RpcValue = null | boolean | string | RpcNumber | readonly RpcValue[] | RpcObject;

export interface RpcObject {
  readonly [key: string]: RpcValue;
}

/** The deepest answer of Bitcoin Core that we ask for has five levels; a thousand is an attack on the stack. */
const MAX_DEPTH = 32;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const MAX_NUMBER_LENGTH = 64;
const SPACE = /[ \t\n\r]*/y;

function malformed(reason: string): never {
  throw new ChainError('node_answer_malformed', 'The node sent an answer that is not valid JSON.', {
    internal: reason,
  });
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): RpcValue {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at !== this.#text.length) malformed('text follows the value');
    return value;
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) malformed('an unknown word');
    this.#at += word.length;
    return value;
  }

  #value(depth: number): RpcValue {
    if (depth > MAX_DEPTH) malformed('it is nested too deeply');
    this.#skipSpace();
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #number(): RpcNumber {
    NUMBER.lastIndex = this.#at;
    if (!NUMBER.test(this.#text)) malformed('a value is missing or cut off');
    const text = this.#text.slice(this.#at, NUMBER.lastIndex);
    if (text.length > MAX_NUMBER_LENGTH) malformed('a number is too long');
    this.#at = NUMBER.lastIndex;
    return rpcNumber(text);
  }

  /** Raw blocks arrive as one string of up to eight million digits, so its end is searched, not walked to. */
  #string(): string {
    const start = this.#at + 1;
    let end = this.#text.indexOf('"', start);
    while (end > 0) {
      let slashes = 0;
      while (this.#text[end - 1 - slashes] === '\\') slashes++;
      if (slashes % 2 === 0) break;
      end = this.#text.indexOf('"', end + 1);
    }
    if (end < 0) malformed('a string does not end');
    this.#at = end + 1;
    const body = this.#text.slice(start, end);
    if (!body.includes('\\')) return body;
    try {
      return JSON.parse(this.#text.slice(start - 1, end + 1)) as string;
    } catch {
      return malformed('a string has a wrong escape');
    }
  }

  #array(depth: number): RpcValue[] {
    this.#at++;
    const items: RpcValue[] = [];
    if (this.#take(']')) return items;
    do items.push(this.#value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) malformed('an array does not end');
    return items;
  }

  #object(depth: number): RpcObject {
    this.#at++;
    const members = Object.create(null) as Record<string, RpcValue>;
    if (this.#take('}')) return members;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') malformed('an object key is missing');
      const key = this.#string();
      if (key in members) malformed('an object has the same key twice');
      if (!this.#take(':')) malformed('an object key has no value');
      members[key] = this.#value(depth + 1);
    } while (this.#take(','));
    if (!this.#take('}')) malformed('an object does not end');
    return members;
  }
}

/** Reads one JSON document, numbers kept as text. @throws ChainError `node_answer_malformed`. */
export function parseRpcJson(text: string): RpcValue {
  return new Reader(text).document();
}

/** What may be sent: our values, with whole numbers allowed as such. */
export type RpcParameter =
  | null
  | boolean
  | string
  | number
  | RpcNumber
  | readonly RpcParameter[]
  | { readonly [key: string]: RpcParameter };

/** Writes JSON text in which an `RpcNumber` appears as the number it holds. */
export function writeRpcJson(value: RpcParameter): string {
  if (value === null) return 'null';
  if (isRpcNumber(value)) return textOfNumber(value);
  if (Array.isArray(value)) return `[${value.map((item: RpcParameter) => writeRpcJson(item)).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value as Record<string, RpcParameter>);
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${writeRpcJson(member)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

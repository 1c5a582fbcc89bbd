import { ListError } from './lists-errors.ts';

/** Longer than any tag or text of a list; whoever sends more means harm. */
const MAX_PIECE = 65_536;
const MAX_DEPTH = 16;
const NAME = /^[A-Za-z_][\w.-]{0,60}(?::[A-Za-z_][\w.-]{0,60})?/;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function malformed(reason: string): never {
  throw new ListError('sanctions_file_malformed', `This is not such a list: ${reason}.`, {
    details: { reason },
  });
}

/** @throws ListError `sanctions_file_malformed` for entities that a document could define for itself. */
function decoded(text: string): string {
  return text.replaceAll(/&([^;]{0,12});?/g, (whole, name: string) => {
    const plain = ENTITIES[name];
    if (plain !== undefined && whole.endsWith(';')) return plain;
    const code = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    const point =
      code === null ? Number.NaN : Number.parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 10 : 16);
    if (!whole.endsWith(';') || !(point >= 1 && point <= 0x10ffff)) malformed('it holds an unknown entity');
    return String.fromCodePoint(point);
  });
}

/** The end of one element: where it stands, e.g. `sdnList/sdnEntry/uid`, and the text right inside it. */
export type ElementEnd = (path: string, text: string) => void;

/**
 * Reads the elements of an XML document piece by piece, in memory that does not grow with it. Only what lists need:
 * elements and text. Document types, entities of their own and sections of raw characters are refused, so that
 * nothing can grow, reach out or hide.
 */
export class ElementReader {
  readonly #onEnd: ElementEnd;
  readonly #open: string[] = [];
  #rest = '';
  #text = '';
  #done = false;

  constructor(onEnd: ElementEnd) {
    this.#onEnd = onEnd;
  }

  /** @throws ListError `sanctions_file_malformed`. */
  push(piece: string): void {
    this.#rest += piece;
    let at = 0;
    for (;;) {
      const start = this.#rest.indexOf('<', at);
      if (start === -1) break;
      const end = this.#endOf(start);
      if (end === -1) {
        this.#takeText(this.#rest.slice(at, start));
        at = start;
        break;
      }
      this.#takeText(this.#rest.slice(at, start));
      this.#takeTag(this.#rest.slice(start + 1, end));
      at = end + 1;
    }
    this.#rest = this.#rest.slice(at);
    if (this.#rest.length > MAX_PIECE) malformed('a piece of it does not end');
  }

  /** @throws ListError `sanctions_file_malformed` for a document that has not ended. */
  end(): void {
    this.#takeText(this.#rest);
    if (!this.#done || this.#open.length > 0) malformed('it is cut off');
  }

  #endOf(start: number): number {
    if (!this.#rest.startsWith('<!--', start)) return this.#rest.indexOf('>', start);
    const end = this.#rest.indexOf('-->', start + 4);
    return end === -1 ? -1 : end + 2;
  }

  #takeText(text: string): void {
    if (this.#open.length === 0) {
      if (text.trim() !== '' && text !== '\uFEFF') malformed('there is text outside of it');
      return;
    }
    this.#text += text;
    if (this.#text.length > MAX_PIECE) malformed('a text of it is too long');
  }

  #takeTag(tag: string): void {
    if (tag.startsWith('!--')) return;
    if (tag.startsWith('?')) {
      if (this.#open.length > 0 || this.#done) malformed('it holds instructions');
      return;
    }
    if (tag.startsWith('!')) malformed('it declares a document type, or raw characters');
    if (tag.startsWith('/')) {
      this.#close(tag.slice(1).trim());
      return;
    }
    const [name] = NAME.exec(tag) ?? malformed('it holds a tag without a name');
    if (this.#done) malformed('there is more than one document');
    if (this.#open.length >= MAX_DEPTH) malformed('it is nested too deeply');
    this.#open.push(name);
    this.#text = '';
    if (tag.endsWith('/')) this.#close(name);
  }

  #close(name: string): void {
    if (this.#open.at(-1) !== name) malformed('its elements are not nested');
    this.#onEnd(this.#open.join('/'), decoded(this.#text));
    this.#open.pop();
    this.#text = '';
    if (this.#open.length === 0) this.#done = true;
  }
}

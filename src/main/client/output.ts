/** What a command has to say: a document for programs, and lines for people. */
export interface Shown {
  readonly document: unknown;
  readonly lines: readonly string[];
}

type Cell = string | number | boolean | null | undefined;

/**
 * Text of others as a terminal may show it: no control characters, which could rewrite what stands on the screen, and
 * none that turn the direction of writing.
 */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function textOf(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-';
  return clean(String(cell));
}

/** Columns under their names, each as wide as its widest cell. */
export function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  if (rows.length === 0) return ['(none)'];
  const lines = [columns.map((name) => name.toUpperCase()), ...rows.map((row) => row.map(textOf))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)));
  return lines.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** One thing, a line for each of its facts; facts that are absent are left out. */
export function card(facts: Readonly<Record<string, Cell>>): string[] {
  const present = Object.entries(facts).filter(([, cell]) => cell !== null && cell !== undefined);
  const width = Math.max(...present.map(([name]) => name.length));
  return present.map(([name, cell]) => `${name.padEnd(width)}  ${textOf(cell)}`);
}

/** One thing: as it came, and its facts. */
export function one<T>(document: T, facts: (document: T) => Readonly<Record<string, Cell>>): Shown {
  return { document, lines: card(facts(document)) };
}

/** A page of a list: as it came, as a table, and how to go on. */
export function page<T>(
  document: { readonly items: readonly T[]; readonly nextCursor?: string | null },
  columns: readonly string[],
  row: (item: T) => readonly Cell[],
): Shown {
  const { items, nextCursor } = document;
  const more = typeof nextCursor === 'string' ? ['', `More: --after ${clean(nextCursor)}`] : [];
  return { document, lines: [...table(columns, items.map(row)), ...more] };
}

/** Something done that has nothing to show but that it is done. */
export function done(text: string): Shown {
  return { document: { done: true }, lines: [text] };
}

/** What a demo tells: to people as text, to programs as one JSON document at the end. */
export interface Chapter {
  readonly title: string;
  readonly facts: Record<string, string>;
  readonly checks: { readonly name: string; readonly held: boolean }[];
}

const LABEL_WIDTH = 22;

export class Narrator {
  readonly #json: boolean;
  readonly #chapters: Chapter[] = [];
  readonly #startedAtMs = Date.now();

  constructor(json: boolean) {
    this.#json = json;
  }

  get failures(): readonly string[] {
    return this.#chapters.flatMap(({ checks }) => checks.filter(({ held }) => !held).map(({ name }) => name));
  }

  chapter(title: string): void {
    this.#chapters.push({ title, facts: {}, checks: [] });
    this.#print(`\n${this.#chapters.length}. ${title}`);
  }

  fact(label: string, value: string): void {
    const facts = this.#chapters.at(-1)?.facts;
    if (facts !== undefined) facts[label] = value;
    this.#print(`   ${label.padEnd(LABEL_WIDTH)} ${value}`);
  }

  lines(lines: readonly string[]): void {
    for (const line of lines) this.#print(`   | ${line}`);
  }

  check(name: string, held: boolean): void {
    this.#chapters.at(-1)?.checks.push({ name, held });
    this.#print(`   ${held ? '✓' : '✗'} ${name}`);
  }

  progress(line: string): void {
    this.#print(`   … ${line}`);
  }

  end(): void {
    const failures = this.failures;
    const checks = this.#chapters.reduce((sum, chapter) => sum + chapter.checks.length, 0);
    const seconds = ((Date.now() - this.#startedAtMs) / 1_000).toFixed(1);
    if (this.#json) {
      const document = { held: failures.length === 0, seconds: Number(seconds), chapters: this.#chapters };
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    } else {
      this.#print(`\n${checks - failures.length} of ${checks} checks held, in ${seconds} s.`);
    }
  }

  #print(line: string): void {
    if (!this.#json) process.stdout.write(`${line}\n`);
  }
}

import { encodeQR } from 'qr';

type Document = PDFKit.PDFDocument;

/** A4 in points, and what is kept free around the text. */
export const PAGE = { width: 595.28, height: 841.89, margin: 48 } as const;
export const TEXT_WIDTH = PAGE.width - 2 * PAGE.margin;
/** Below this line only the footer stands. */
const LAST_LINE = PAGE.height - 64;

export const INK = '#14213d';
const SOFT = '#5b6475';
const LINE = '#d5dae3';
const ACCENT = '#b8860b';
const PANEL = '#f5f6f9';

/** What the standard fonts can show (Windows-1252); anything else becomes a sign that resembles it, or `?`. */
function printable(text: string): string {
  return text
    .replaceAll('→', '›')
    .replaceAll('−', '-')
    .replace(/[^\n\u0020-\u007e\u00a0-\u00ff‘’“”–—…‹›€•]/gu, '?');
}

/** A page that is written from top to bottom, and goes on on the next one. */
export class Sheet {
  readonly document: Document;
  readonly #heading: string;

  constructor(document: Document, heading: string) {
    this.document = document;
    this.#heading = heading;
  }

  get y(): number {
    return this.document.y;
  }

  set y(value: number) {
    this.document.y = value;
  }

  /** Starts a page with a thin head. */
  newPage(): void {
    const { document } = this;
    document.addPage();
    document.font('Helvetica').fontSize(8).fillColor(SOFT);
    document.text(printable(this.#heading), PAGE.margin, 30, { width: TEXT_WIDTH, lineBreak: false });
    document
      .moveTo(PAGE.margin, 44)
      .lineTo(PAGE.width - PAGE.margin, 44)
      .lineWidth(0.5)
      .stroke(LINE);
    document.y = 60;
  }

  /** Makes sure that so much fits, if need be on a new page. */
  need(height: number): void {
    if (this.y + height > LAST_LINE) this.newPage();
  }

  /** The band at the head of the first page. */
  band(title: string, subtitle: string): void {
    const { document } = this;
    document.rect(0, 0, PAGE.width, 104).fill(INK);
    document.rect(0, 104, PAGE.width, 3).fill(ACCENT);
    document.font('Helvetica-Bold').fontSize(26).fillColor('#ffffff');
    document.text(printable(title), PAGE.margin, 34, { width: TEXT_WIDTH });
    document.font('Helvetica').fontSize(11).fillColor('#c9d1e3');
    document.text(printable(subtitle), PAGE.margin, 70, { width: TEXT_WIDTH });
    document.y = 124;
  }

  section(title: string): void {
    this.need(60);
    const { document } = this;
    document.y += 10;
    document.font('Helvetica-Bold').fontSize(13).fillColor(INK);
    document.text(printable(title), PAGE.margin, document.y, { width: TEXT_WIDTH });
    const y = document.y + 2;
    document
      .moveTo(PAGE.margin, y)
      .lineTo(PAGE.margin + 36, y)
      .lineWidth(2)
      .stroke(ACCENT);
    document.y = y + 8;
  }

  /** Running text. */
  text(
    content: string,
    options: { readonly x?: number; readonly width?: number; readonly soft?: boolean } = {},
  ): void {
    const { document } = this;
    const { x = PAGE.margin, width = TEXT_WIDTH, soft = false } = options;
    document
      .font('Helvetica')
      .fontSize(9.5)
      .fillColor(soft ? SOFT : INK);
    this.need(document.heightOfString(printable(content), { width }));
    document.text(printable(content), x, document.y, { width, lineGap: 1.5 });
    document.y += 3;
  }

  /** What is compared letter by letter or typed. */
  code(
    content: string,
    options: { readonly x?: number; readonly width?: number; readonly size?: number } = {},
  ): void {
    const { document } = this;
    const { x = PAGE.margin, width = TEXT_WIDTH, size = 8 } = options;
    document.font('Courier').fontSize(size).fillColor(INK);
    document.text(printable(content), x, document.y, { width, lineGap: 1 });
    document.y += 3;
  }

  /** Rows of a name and what it is. */
  facts(rows: readonly (readonly [string, string])[], x: number = PAGE.margin, width = TEXT_WIDTH): void {
    const { document } = this;
    const nameWidth = 92;
    for (const [name, value] of rows) {
      const top = document.y;
      document.font('Helvetica').fontSize(9).fillColor(SOFT);
      document.text(printable(name), x, top, { width: nameWidth });
      document.font('Helvetica-Bold').fillColor(INK);
      document.text(printable(value), x + nameWidth, top, { width: width - nameWidth });
      document.y = Math.max(document.y, top + 12) + 2;
    }
  }

  /** A numbered step; it is not torn apart. */
  step(number: number, content: string): void {
    const { document } = this;
    const x = PAGE.margin + 24;
    const width = TEXT_WIDTH - 24;
    document.font('Helvetica').fontSize(9.5);
    this.need(document.heightOfString(printable(content), { width, lineGap: 1.5 }) + 6);
    const top = document.y;
    document.circle(PAGE.margin + 8, top + 5, 8).fill(PANEL);
    document.font('Helvetica-Bold').fontSize(8.5).fillColor(ACCENT);
    document.text(String(number), PAGE.margin, top + 2, { width: 16, align: 'center' });
    document.font('Helvetica').fontSize(9.5).fillColor(INK);
    document.text(printable(content), x, top, { width, lineGap: 1.5 });
    document.y = Math.max(document.y, top + 16) + 4;
  }

  /** A shaded box behind what `write` puts into it; `height` must fit it. */
  panel(height: number, write: (left: number, width: number) => void): void {
    this.need(height + 8);
    const { document } = this;
    const top = document.y;
    document.roundedRect(PAGE.margin, top, TEXT_WIDTH, height, 6).fill(PANEL);
    document.y = top + 10;
    write(PAGE.margin + 12, TEXT_WIDTH - 24);
    document.y = top + height + 8;
  }

  /** A QR code (ISO/IEC 18004) with its quiet zone inside `size`; leaves `y` where it was. */
  qr(content: string, x: number, y: number, size: number): void {
    const { document } = this;
    const modules = encodeQR(content, 'raw', { ecc: 'low', border: 4 });
    const module = size / modules.length;
    document.rect(x, y, size, size).fill('#ffffff');
    for (const [row, line] of modules.entries()) {
      for (let from = 0; from < line.length; from++) {
        if (line[from] !== true) continue;
        let to = from;
        while (line[to] === true) to++;
        // A whole run at once, so that no hair line shows between modules.
        document.rect(x + from * module, y + row * module, (to - from) * module, module);
        from = to;
      }
    }
    document.fill('#000000');
  }

  /** Numbers the pages, when all are written. */
  footers(note: string): void {
    const { document } = this;
    const { start, count } = document.bufferedPageRange();
    for (let page = start; page < start + count; page++) {
      document.switchToPage(page);
      // The footer stands in the margin, where text would otherwise start a new page.
      document.page.margins.bottom = 0;
      const y = PAGE.height - 40;
      document
        .moveTo(PAGE.margin, y - 8)
        .lineTo(PAGE.width - PAGE.margin, y - 8)
        .lineWidth(0.5)
        .stroke(LINE);
      document.font('Helvetica').fontSize(7.5).fillColor(SOFT);
      document.text(printable(note), PAGE.margin, y, { width: TEXT_WIDTH - 60, lineBreak: false });
      document.text(`${page - start + 1} / ${count}`, PAGE.margin, y, {
        width: TEXT_WIDTH,
        align: 'right',
        lineBreak: false,
      });
    }
  }
}

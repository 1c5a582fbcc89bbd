import type { CheckedKit } from '../read-kit.ts';
import type { KitKey, RecoveryKit } from '../kit-contract.ts';
import { PAGE, Sheet, TEXT_WIDTH } from './sheet.ts';

const DESCRIPTOR_QR = 190;
const KEY_QR = 104;
const GROUP = 4;

/** `abcd efgh …`: long hex is compared in groups. */
function grouped(text: string): string {
  return text.match(new RegExp(`.{1,${GROUP}}`, 'g'))?.join(' ') ?? text;
}

function keyExpression({ fingerprint, path, xpub }: KitKey): string {
  return `[${fingerprint}${path.slice(1)}]${xpub}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replaceAll('_', ' ');
}

function coverPage(sheet: Sheet, kit: RecoveryKit): void {
  sheet.band(
    'Recovery kit',
    `${kit.label} · ${capital(kit.plan)} wallet, ${kit.threshold} of ${kit.keys.length} keys`,
  );
  sheet.text(
    'With this kit and two of the three keys named in it, the coins of this wallet are moved by standard Bitcoin ' +
      'software, without any server or help of the institution. The kit itself holds no key in the clear: who finds ' +
      'it can watch the wallet, and spend nothing. Keep it dry, keep a copy elsewhere, and keep it private.',
  );
  const left = PAGE.margin;
  const right = left + DESCRIPTOR_QR + 18;
  sheet.section('The wallet');
  const top = sheet.y;
  sheet.qr(kit.descriptor, left, top, DESCRIPTOR_QR);
  sheet.facts(
    [
      ['Wallet', kit.wallet],
      ['Customer', kit.customer ?? 'the institution'],
      ['Network', kit.network],
      ['Search from block', String(kit.birth.height)],
      ['Opened', kit.birth.time?.slice(0, 10) ?? 'not known'],
      ['Kit made', kit.createdAt.slice(0, 10)],
    ],
    right,
    PAGE.width - PAGE.margin - right,
  );
  sheet.text('Output descriptor with its checksum (BIP380), as in the code:', {
    x: right,
    width: PAGE.width - PAGE.margin - right,
    soft: true,
  });
  sheet.code(kit.descriptor, { x: right, width: PAGE.width - PAGE.margin - right, size: 6.6 });
  sheet.y = Math.max(sheet.y, top + DESCRIPTOR_QR) + 4;
  sheet.section('Who can recover it');
  for (const { keys, who } of kit.recoverableBy) {
    sheet.text(`• ${keys.join(' and ')} key: ${who}.`);
  }
  sheet.section('First addresses, to compare');
  const column = TEXT_WIDTH;
  for (const { index, address } of kit.firstAddresses.receive.slice(0, 3)) {
    sheet.code(`receive ${index}  ${address}`, { width: column, size: 8 });
  }
  for (const { index, address } of kit.firstAddresses.change.slice(0, 2)) {
    sheet.code(`change  ${index}  ${address}`, { width: column, size: 8 });
  }
  sheet.text(
    'A program that shows other addresses has another wallet: stop there. Addresses are derived at /0/i (receive) ' +
      'and /1/i (change); the keys in each script are sorted (BIP67).',
    { soft: true },
  );
}

function keyPanel(sheet: Sheet, key: KitKey, position: number): void {
  sheet.panel(KEY_QR + 50, (left, width) => {
    const top = sheet.y;
    sheet.qr(keyExpression(key), left, top, KEY_QR);
    const x = left + KEY_QR + 14;
    const inner = width - KEY_QR - 14;
    const { document } = sheet;
    document.font('Helvetica-Bold').fontSize(11).fillColor('#14213d');
    document.text(`${position}. ${capital(key.role)} key`, x, top + 2, { width: inner });
    document.y += 2;
    sheet.facts(
      [
        ['Made by', key.source],
        ['Fingerprint, path', `${key.fingerprint}  ${key.path}`],
        ...(key.wrappedCopy === null ? [] : ([['Wrapped copy', key.wrappedCopy]] as const)),
      ],
      x,
      inner,
    );
    sheet.code(key.xpub, { x, width: inner, size: 7 });
    sheet.code(key.slip132, { x, width: inner, size: 7 });
    sheet.y = Math.max(sheet.y, top + KEY_QR + 6);
    sheet.text(key.howObtained, { x: left, width });
  });
}

function keyPages(sheet: Sheet, kit: RecoveryKit): void {
  sheet.newPage();
  sheet.section('The three keys, and how each is obtained');
  sheet.text(
    'Each code holds a public key with its origin. The second line of a key is the same key in the spelling that ' +
      'Electrum asks for (SLIP-132).',
    { soft: true },
  );
  for (const [position, key] of kit.keys.entries()) keyPanel(sheet, key, position + 1);
  const { envelopes } = kit;
  if (envelopes === null) return;
  for (const { role, fingerprint, outerHolder, innerHolder } of envelopes.items) {
    sheet.text(
      `The file kit.json carries the ${role} key ${fingerprint} in two envelopes: ${outerHolder} opens the outer one, ${innerHolder} the inner one.`,
    );
  }
}

function guidePages(sheet: Sheet, kit: RecoveryKit): void {
  sheet.newPage();
  for (const { program, files, steps } of kit.guides) {
    sheet.section(`Recovery with ${program}`);
    if (files.length > 0) {
      sheet.text(
        `Import files, inside kit.json and written by “trilock recover files”: ${files.join(', ')}.`,
        { soft: true },
      );
    }
    for (const [position, step] of steps.entries()) sheet.step(position + 1, step);
  }
}

function filePage(sheet: Sheet, kit: RecoveryKit): void {
  const coldcard = kit.importFiles.find(({ name }) => name === 'coldcard-multisig.txt');
  if (coldcard === undefined) return;
  sheet.need(220);
  sheet.section(`The file ${coldcard.name}, as text`);
  sheet.code(coldcard.content, { size: 6.6 });
}

/** The kit for paper: A4, with QR codes of the descriptor and of each key. The same kit gives the same pages. */
export async function kitPdf({ kit }: CheckedKit): Promise<Buffer> {
  // Loaded here, so that signing and searching need not hold a typesetter.
  const { default: PdfDocument } = await import('pdfkit');
  const document = new PdfDocument({
    size: [PAGE.width, PAGE.height],
    margins: { top: 48, bottom: 56, left: PAGE.margin, right: PAGE.margin },
    bufferPages: true,
    info: { Title: `Recovery kit of ${kit.wallet}`, CreationDate: new Date(kit.createdAt) },
  });
  const parts: Buffer[] = [];
  document.on('data', (part: Buffer) => parts.push(part));
  const ended = new Promise<void>((resolve, reject) => document.on('end', resolve).on('error', reject));
  const sheet = new Sheet(document, `Recovery kit · ${kit.wallet} · ${kit.label}`);
  coverPage(sheet, kit);
  keyPages(sheet, kit);
  guidePages(sheet, kit);
  filePage(sheet, kit);
  sheet.footers(`SHA-256 of kit.json’s content ${grouped(kit.checksum)}`);
  document.end();
  await ended;
  return Buffer.concat(parts);
}

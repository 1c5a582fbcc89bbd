import { describe, expect, it } from 'vitest';
import { WALLET_PLANS } from '../../src/intents/index.ts';
import { kitPdf, makeKit, readKit } from '../../src/recovery/index.ts';
import { NOW } from '../fixtures/intents.ts';
import { kitOf, readBack } from './kit-fixtures.ts';

/** Page objects of a PDF are written uncompressed. */
function pagesOf(pdf: Buffer): number {
  return (pdf.toString('latin1').match(/\/Type \/Page\n/g) ?? []).length;
}

describe('the kit on paper', () => {
  it.each(WALLET_PLANS)('has every page for the plan %s', async (plan) => {
    const pdf = await kitPdf(await readBack(kitOf(plan, 'paper', { birthHeight: 800_000 })));
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.subarray(-6).toString()).toContain('%%EOF');
    expect(pagesOf(pdf)).toBeGreaterThanOrEqual(3);
    expect(pagesOf(pdf)).toBeLessThanOrEqual(6);
  });

  it('is the same for the same kit, and bears any label', async () => {
    const { wallet } = kitOf('custodial', 'paper');
    const { registration, receipt } = wallet;
    const kit = makeKit({
      ...{ registration, receipt, birthHeight: 0, birthTime: null, nowMs: NOW, envelopes: null },
      label: 'Épargne 貯金 🙂 '.repeat(9),
    });
    const checked = await readKit(kit);
    const [once, again] = [await kitPdf(checked), await kitPdf(checked)];
    expect(once.equals(again)).toBe(true);
  });
});

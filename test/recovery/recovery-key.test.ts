import { expect, it } from 'vitest';
import { keyIdOf, sealForDisaster } from '../../src/keyring/index.ts';
import { openRecoveryKey } from '../../src/recovery/index.ts';
import { fixtureMaster, fixtureMasters } from '../fixtures/masters.ts';
import { materialOf } from '../journeys/recovery-scene.ts';
import { kitOf, readBack } from './kit-fixtures.ts';

it('a copy for the disaster key opens by that key, and by no masters', async () => {
  const scene = kitOf('custodial', 'disaster');
  const kit = await readBack(scene);
  const { entropy, attestation, accountKey } = scene.wallet.keys[1]!;
  const { role, xpub, origin, network } = attestation.statement;
  const context = { keyId: keyIdOf(xpub), role, fingerprint: origin.slice(1, 9), network };
  const disaster = fixtureMaster('key-5');
  const blob = sealForDisaster(Buffer.from(entropy), context, disaster);
  const kind = 'envelope';
  const opened = openRecoveryKey(kit, { kind, blob, masters: [], disaster });
  expect(opened.xpub.text).toBe(accountKey.xpub.text);
  const masters = Object.values(fixtureMasters()) as [typeof disaster, typeof disaster];
  const refused = (code: string, run: () => unknown) =>
    expect(run).toThrow(expect.objectContaining({ code }));
  refused('recovery_masters_missing', () => openRecoveryKey(kit, { kind, blob, masters }));
  refused('envelope_for_other_masters', () =>
    openRecoveryKey(kit, { kind, blob, masters, disaster: fixtureMaster('key-6') }),
  );
  // Nor does the disaster key open what two masters are to open together.
  const nested = materialOf(scene.wallet, 1);
  refused('recovery_masters_missing', () =>
    openRecoveryKey(kit, { ...(nested as { kind: 'envelope'; blob: Buffer }), masters: [], disaster }),
  );
});

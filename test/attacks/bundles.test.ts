// Transactions, wallets and keys that are not what was approved or pinned, with a bribed station behind them.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  deriveAddress,
  parseAddress,
  parseDescriptor,
  parsePsbtBase64,
  psbtToBase64,
  type Psbt,
} from '../../src/bitcoin/index.ts';
import { GLOBAL, INPUT } from '../../src/bitcoin/psbt/psbt-fields.ts';
import { composePsbt, type PlannedOutput } from '../../src/bitcoin/spend/compose-psbt.ts';
import { serializeWithoutWitness } from '../../src/bitcoin/transactions/transaction-codec.ts';
import { inTransaction } from '../../src/database/index.ts';
import type { SigningBundle } from '../../src/intents/index.ts';
import { canonicalJson, idToUuid, isDomainError, newId, type WithdrawalId } from '../../src/shared/index.ts';
import { importBundle } from '../../src/withdrawals/index.ts';
import { attestedKey, PAYEE, registrationOf, type AttestedKey } from '../fixtures/custody.ts';
import { ed25519Signer } from '../fixtures/signing-keys.ts';
import { publicHalf } from '../signer/signer-scene.ts';
import { SOMEBODY, type Owner } from '../withdrawals/support/house.ts';
import { application, AttackScene, signer, THIEF } from './support/attack-scene.ts';

let scene: AttackScene;
let ada: Owner;
let bob: Owner;
let id: WithdrawalId;
let bundle: SigningBundle;
beforeAll(async () => {
  scene = await AttackScene.open();
  ada = await scene.owner(400_000n, 410_000n, 420_000n);
  bob = await scene.owner(430_000n);
  ({ id } = await scene.built(ada));
  bundle = await scene.bundleOf(id);
});
afterAll(async () => {
  // The honest bundle is paid at last: what was refused was refused for its own fault.
  await scene.goOn(id);
  expect(await scene.house.state(id)).toBe('broadcast');
  await scene.close();
});

const scriptOf = (address: string): Uint8Array => parseAddress(address, 'regtest').scriptPubKey;

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    return thrown.code;
  }
}

/** Coins of a vault by their place: those that the honest transaction spends come first. */
async function coinsOf(owner: Owner) {
  const { parts, database } = scene.house;
  const spent = parsePsbtBase64(bundle.psbt).transaction.ins.map(
    ({ hash, index }) => `${Buffer.from(hash).reverse().toString('hex')}:${index}`,
  );
  const rows = await database.coin.findMany({ where: { walletId: idToUuid(owner.vault.id) } });
  const outpoints = rows.map(({ txid, vout }) => `${txid}:${vout}`);
  const coins = await inTransaction(database, (tx) => parts.wallets.coinsOf(tx, owner.vault.id, outpoints));
  return [...coins].sort((a, b) => Number(spent.includes(b.outpoint)) - Number(spent.includes(a.outpoint)));
}

interface Forgery {
  readonly outputs?: (payee: PlannedOutput, change: PlannedOutput) => PlannedOutput[];
  /** Coins besides the honest one. */
  readonly besides?: (own: Awaited<ReturnType<typeof coinsOf>>) => ReturnType<typeof coinsOf>;
}

/** A transaction to the attacker's liking, which the station has signed all the same. */
async function forged({ outputs = (a, b) => [a, b], besides = () => Promise.resolve([]) }: Forgery) {
  const { parts, database } = scene.house;
  const wallet = await inTransaction(database, (tx) => parts.wallets.wallet(tx, ada.vault.id));
  const { descriptor } = wallet!;
  const [honest, ...others] = await coinsOf(ada);
  const { outs } = parsePsbtBase64(bundle.psbt).transaction;
  const paid = { scriptPubKey: scriptOf(PAYEE), value: 150_000n };
  const back = outs.find(({ script }) => Buffer.compare(script, paid.scriptPubKey) !== 0)!;
  const index = Array.from({ length: 100 }, (_, place) => place).find(
    (place) => Buffer.compare(deriveAddress(descriptor, 'change', place).scriptPubKey, back.script) === 0,
  )!;
  const change = {
    scriptPubKey: back.script,
    value: back.value,
    position: { branch: 'change', index },
  } as const;
  const psbt = composePsbt(descriptor, [honest!, ...(await besides(others))], outputs(paid, change), 0);
  return scene.house.signedBundle({ ...bundle, psbt: psbtToBase64(psbt) });
}

async function tampered(change: (psbt: Psbt) => void): Promise<SigningBundle> {
  const signed = await scene.house.signedBundle(bundle);
  const psbt = parsePsbtBase64(signed.psbt);
  change(psbt);
  return { ...signed, psbt: psbtToBase64(psbt) };
}

const thief = (output: PlannedOutput): PlannedOutput => ({
  value: output.value,
  scriptPubKey: scriptOf(THIEF),
});

describe('a PSBT is refused by station, application and signer alike, with', () => {
  test.each<[string, string, string, () => Promise<SigningBundle>]>([
    [
      'the payee’s output swapped',
      'payments_differ',
      'bundle_unknown',
      () => forged({ outputs: (payee, change) => [thief(payee), change] }),
    ],
    [
      'the attacker’s change',
      'change_not_ours',
      'bundle_unknown',
      () => forged({ outputs: (payee, change) => [payee, thief(change)] }),
    ],
    [
      'an extra input that goes to the fee',
      'fee_out_of_limits',
      'bundle_unknown',
      () => forged({ besides: (own) => Promise.resolve(own.slice(0, 1)) }),
    ],
    [
      'an input said to be worth more than it is',
      'psbt_utxo_conflict',
      'psbt_utxo_conflict',
      () =>
        tampered((psbt) => {
          const utxo = Buffer.from(psbt.inputs[0]!.get(INPUT.witnessUtxo)!);
          utxo.writeBigUInt64LE(90_000_000n, 0);
          psbt.inputs[0]!.setType(INPUT.witnessUtxo, utxo);
        }),
    ],
    [
      'SIGHASH_NONE asked for',
      'sighash_type_refused',
      'psbt_not_combinable',
      () => tampered((psbt) => psbt.inputs[0]!.setType(INPUT.sighashType, Uint8Array.from([2, 0, 0, 0]))),
    ],
  ])('%s', async (_, code, atImport, make) => {
    const evil = await make();
    const { parts } = scene.house;
    await scene.expectRefused([...application(atImport), ...signer(code)], async () => {
      expect(await codeOf(() => scene.atStation(evil))).toBe(code);
      expect(await codeOf(() => importBundle(parts, evil, SOMEBODY))).toBe(atImport);
      expect(await codeOf(() => parts.cosigner.sign(evil))).toBe(code);
    });
  });

  test('a coin of somebody else among its inputs', async () => {
    const evil = await forged({});
    const [theirs] = await coinsOf(bob);
    const psbt = parsePsbtBase64(evil.psbt);
    const [txid = '', vout = ''] = theirs!.outpoint.split(':');
    psbt.transaction.ins[0]!.hash = Buffer.from(txid, 'hex').reverse();
    psbt.transaction.ins[0]!.index = Number(vout);
    psbt.global.setType(GLOBAL.unsignedTransaction, serializeWithoutWitness(psbt.transaction));
    const stolen = { ...evil, psbt: psbtToBase64(psbt) };
    const { parts } = scene.house;
    const code = 'psbt_previous_transaction_mismatch';
    await scene.expectRefused([...application(code), ...signer(code)], async () => {
      expect(await codeOf(() => scene.atStation(stolen))).toBe(code);
      expect(await codeOf(() => importBundle(parts, stolen, SOMEBODY))).toBe(code);
      expect(await codeOf(() => parts.cosigner.sign(stolen))).toBe(code);
    });
  });
});

describe('a descriptor that is not pinned', () => {
  let untouched: { descriptor: string; hash: string; registration: string };
  afterEach(async () => {
    const { descriptor, hash, registration } = untouched;
    await put(descriptor, hash, registration);
  });

  async function put(descriptor: string, hash: string, registration: string): Promise<void> {
    await scene.tamper(
      'UPDATE app.wallet SET descriptor = $1, descriptor_hash = $2, registration = $3 WHERE id = $4',
      descriptor,
      hash,
      registration,
      idToUuid(ada.vault.id),
    );
  }

  /** The one that would be given out now. */
  function nextAddress() {
    return scene.house.database.walletAddress.findFirstOrThrow({
      where: { walletId: idToUuid(ada.vault.id), branch: 'receive', givenAt: null },
      orderBy: { index: 'asc' },
    });
  }

  async function putAddress(id: string, text: string, script: Uint8Array): Promise<void> {
    await scene.tamper(
      `UPDATE app.wallet_address SET address = $1, script = decode($2, 'hex') WHERE id = $3`,
      text,
      Buffer.from(script).toString('hex'),
      id,
    );
  }

  test('gives out no address, and neither does a stored address that the pinned one does not derive', async () => {
    const { database } = scene.house;
    const row = await database.wallet.findUniqueOrThrow({ where: { id: idToUuid(ada.vault.id) } });
    untouched = { descriptor: row.descriptor!, hash: row.descriptorHash!, registration: row.registration! };
    const keys = ['cold', 'backup', 'backup'].map((role, n) =>
      attestedKey(`thief ${n}`, role as 'cold' | 'backup', ed25519Signer()),
    );
    const evil = { ...registrationOf('custodial', ada.customer, keys), wallet: ada.vault.id };
    const next = await nextAddress();
    const theirs = deriveAddress(parseDescriptor(evil.descriptor, 'regtest'), 'receive', next.index);
    await scene.expectRefused(application('wallet_damaged'), async () => {
      await put(evil.descriptor, 'e'.repeat(64), canonicalJson(evil));
      await putAddress(next.id, theirs.address, theirs.scriptPubKey);
      const send = await scene.api(ada.customer.id);
      const answer = await send(`/v1/wallets/${ada.vault.id}/addresses`, {});
      await putAddress(next.id, next.address, next.script);
      expect(answer.body['code']).toBe('wallet_damaged');
      expect(answer.status).toBe(500);
    });
    await put(row.descriptor!, row.descriptorHash!, row.registration!);
    await scene.expectRefused(application('wallet_damaged'), async () => {
      await putAddress(next.id, THIEF, scriptOf(THIEF));
      const send = await scene.api(ada.customer.id);
      const answer = await send(`/v1/wallets/${ada.vault.id}/addresses`, {});
      await putAddress(next.id, next.address, next.script);
      expect(answer.body['code']).toBe('wallet_damaged');
    });
  });

  test('in a bundle for a wallet that the signer never saw', async () => {
    const { parts } = scene.house;
    const signed = await scene.house.signedBundle(bundle);
    await scene.expectRefused(signer('wallet_unknown'), () =>
      parts.cosigner.sign({ ...signed, wallet: newId('wallet') }),
    );
  });
});

describe('two attacker’s keys at the opening of a wallet', () => {
  const evil = (role: 'cold' | 'backup', name: string): AttestedKey =>
    attestedKey(name, role, ed25519Signer());

  test('put into the pools by a writer to the database: neither is taken', async () => {
    const keys = [evil('cold', 'evil cold'), evil('backup', 'evil backup')];
    await scene.expectRefused(
      application('key_attested_by_stranger', 'key_attested_by_stranger'),
      async () => {
        for (const { attestation, accountKey } of keys) {
          const { xpub, origin, role, source } = attestation.statement;
          await scene.tamper(
            `INSERT INTO app.account_key
               (xpub, origin, public_key, network, role, source, attestation, state, added_at)
             VALUES ($1, $2, decode($3, 'hex'), 'regtest', $4, $5, $6, 'available', '2001-01-01')`,
            ...[xpub, origin, Buffer.from(accountKey.xpub.publicKey).toString('hex'), role, source],
            canonicalJson(attestation),
          );
        }
        const { vault } = await scene.house.owner();
        for (const { accountKey } of keys) expect(vault.descriptor).not.toContain(accountKey.xpub.text);
      },
    );
  });

  test('handed to the signer by a compromised application: not pinned', async () => {
    const { signer: client } = scene.house.chain.house;
    const wallet = newId('wallet');
    const { attestation } = await client.createPlatformKey({ wallet, network: 'regtest' });
    const platform = { entropy: Buffer.alloc(0), accountKey: publicHalf(attestation), attestation };
    const keys = [platform, evil('cold', 'other evil cold'), evil('backup', 'other evil backup')];
    const registration = { ...registrationOf('custodial', ada.customer, keys), wallet };
    await scene.expectRefused(signer('key_attested_by_stranger'), async () => {
      expect(await codeOf(() => client.registerWallet({ registration }))).toBe('key_attested_by_stranger');
    });
  });
});

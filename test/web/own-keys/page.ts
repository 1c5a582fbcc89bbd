import '../../../src/web/kit/trusted-types.ts';
import {
  checkForCustomer,
  cosignAsCustomer,
  describeVerified,
  explainIntent,
  fromBase64Url,
  lockSigner,
  makeCredentialPin,
  makeCustomerKey,
  makeCustomerStatement,
  makeMasterLockRegistration,
  makeRequest,
  openCustomerKeyBackup,
  toBase64Url,
  type CustomerKeyBackup,
  type CustomerTrust,
  type Intent,
  type SigningBundle,
} from '../../../src/intents/index.ts';
import {
  certifyMasterLock,
  createMasterLock,
  openMasterLock,
  verifyLockCertificate,
  type MasterLock,
} from '../../../src/keyring/browser/index.ts';

/** Whose lock it is, and when all this happens. */
interface Who {
  readonly customer: string;
  readonly id: string;
  readonly passphrase: string;
  readonly nowMs: number;
}

const network = 'regtest';
let file = new Uint8Array();

const bytes = (text: string): Uint8Array<ArrayBuffer> => fromBase64Url(text) ?? new Uint8Array();
const open = ({ passphrase }: Who): Promise<MasterLock> =>
  openMasterLock(file, new TextEncoder().encode(passphrase));

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

/** What a dashboard does with the library; a test calls it in place of a customer. */
const page = {
  async makeLock(who: Who) {
    const made = await createMasterLock(new TextEncoder().encode(who.passphrase));
    file = made.file;
    const by = lockSigner(who.id, made.lock);
    const words = { network, customer: who.customer } as const;
    return {
      pin: await makeCredentialPin(words, by, by, who.nowMs),
      registration: await makeMasterLockRegistration(made.lock, { ...words, id: who.id }, who.nowMs),
    };
  },
  async certify(
    who: Who,
    certificates: { readonly signing: string; readonly decryption: string; readonly issuer: string },
    platform: string,
  ) {
    const { signing, decryption, issuer } = certificates;
    const issued = { signing: bytes(signing), decryption: bytes(decryption), issuer: bytes(issuer) };
    const lock = await open(who);
    for (const use of ['signing', 'decryption'] as const) {
      const facts = { network, customer: who.customer, lock: who.id, use, spki: lock[use] };
      await verifyLockCertificate(issued[use], facts, [bytes(platform)]);
    }
    file = await certifyMasterLock(file, new TextEncoder().encode(who.passphrase), issued);
    return toBase64Url(file);
  },
  weak: () => codeOf(() => createMasterLock(new TextEncoder().encode('aaaaaaaaaaaaaaa'))),
  wrong: (who: Who) => codeOf(() => open({ ...who, passphrase: `${who.passphrase}!` })),
  async makeKey(who: Who) {
    const lock = await open(who);
    return makeCustomerKey({ network, name: 'a browser', credential: lockSigner(who.id, lock), lock });
  },
  async request(who: Who, intent: Intent) {
    const by = lockSigner(who.id, await open(who));
    return { words: explainIntent(intent), request: await makeRequest(intent, by, who.nowMs) };
  },
  async cosign(who: Who, bundle: SigningBundle, trust: CustomerTrust, backup: CustomerKeyBackup) {
    const checked = await checkForCustomer(bundle, trust, who.nowMs);
    const key = await openCustomerKeyBackup(backup, await open(who));
    try {
      const words = describeVerified(bundle, checked.verified, trust.inForce, who.nowMs);
      return { words, bundle: cosignAsCustomer(checked, key) };
    } finally {
      key.erase();
    }
  },
  refusal: (who: Who, bundle: SigningBundle, trust: CustomerTrust) =>
    codeOf(() => checkForCustomer(bundle, trust, who.nowMs)),
  async statement(who: Who, purpose: 'unlock' | 'revoke master lock', subject: string) {
    const by = lockSigner(who.id, await open(who));
    return makeCustomerStatement({ purpose, network, customer: who.customer, subject }, by, who.nowMs);
  },
};

export type OwnKeysPage = typeof page;
(globalThis as unknown as { ownKeys: OwnKeysPage }).ownKeys = page;
document.body.dataset['ready'] = 'yes';

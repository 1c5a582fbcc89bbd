import { requireAllowed } from '../freeze/index.ts';
import { formatDerivationPath } from '../bitcoin/index.ts';
import { withAlarm } from '../approvals/index.ts';
import { handle, handleOnce, type BoundOperation, type Principal } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { originOf, requireCustomer } from '../identity/index.ts';
import { idToUuid, parseId, type CustomerId } from '../shared/index.ts';
import { listGiven } from './list-addresses.ts';
import { explainAddress, giveAddress, type GivenAddress } from './addresses.ts';
import { listWallets } from './list-wallets.ts';
import { readBalances } from './ledger-accounts.ts';
import { LOW_POOL, poolLevels } from './key-pool.ts';
import { issueRecoveryKit } from './recovery-kit.ts';
import { readStationRegistration } from './registration.ts';
import { requestWallet } from './request-wallet.ts';
import { rotateWallet } from './rotate-wallet.ts';
import { addSigningCredential, signingCredentialsOf, type SigningCredential } from './signing-credentials.ts';
import * as signing from './signing-credential-contract.ts';
import * as contract from './wallet-contract.ts';
import { pinnedDescriptor } from './pinned-descriptor.ts';
import type { AddressParts, WalletParts } from './wallet-parts.ts';
import { readTreasury, readWalletOf } from './wallet-store.ts';
import type { Wallet } from './wallet.ts';

/** A customer sees what is their own; staff, by its role, everything. */
function ownerOf(principal: Principal): CustomerId | 'anybody' {
  return principal.kind === 'customer' ? requireCustomer(principal) : 'anybody';
}

function walletWire({ version: _version, ...wallet }: Wallet) {
  return wallet;
}

function addressWire(given: GivenAddress, wallet: Pick<Wallet, 'customerId'>) {
  const { id, walletId, customerId, address, index, label, givenAt } = given;
  return {
    ...{ id, walletId, customerId, address, index, label },
    balance: wallet.customerId === null ? ('spending' as const) : ('vault' as const),
    createdAt: givenAt ?? new Date(0),
  };
}

function credentialWire({ id, publicKey, pinnedAt, createdAt }: SigningCredential) {
  return { id: parseId('credential', id), publicKey, pinned: pinnedAt !== null, createdAt };
}

function walletOperations(parts: WalletParts): BoundOperation[] {
  const { database } = parts;
  return [
    handleOnce(contract.requestWallet, async (request, effect) => {
      const { plan, label, customerKey = null, customerKeys } = request.body;
      const customer = requireCustomer(request.principal);
      const id = effect.id('wallet');
      return await effect.commit(async (tx) => {
        const keys = customerKeys ?? (customerKey === null ? [] : [customerKey]);
        const wish = { id, customer, plan, label, customerKeys: keys };
        const wallet = await requestWallet(tx, parts, wish, originOf(request));
        return { status: 202, body: walletWire(wallet), location: `/v1/wallets/${id}` };
      });
    }),
    handleOnce(contract.rotateWallet, async (request, effect) => {
      const { customerKey = null, customerKeys, reason } = request.body;
      const old = await readWalletOf(database, request.params.walletId, requireCustomer(request.principal));
      const id = effect.id('wallet');
      return await effect.commit(async (tx) => {
        const keys = customerKeys ?? (customerKey === null ? [] : [customerKey]);
        const wish = { id, customerKeys: keys, reason };
        const wallet = await rotateWallet(tx, parts, old, wish, originOf(request));
        return { status: 202, body: walletWire(wallet), location: `/v1/wallets/${id}` };
      });
    }),
    handle(contract.listWallets, async ({ principal, query, cursors }) => {
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const own = ownerOf(principal);
      const { items, next } = await listWallets(database, {
        customer: own === 'anybody' ? (query.customerId ?? null) : own,
        after: after === undefined ? null : parseId('wallet', after),
        limit: query.limit ?? DEFAULT_PAGE_LIMIT,
      });
      const nextCursor = next === null ? null : cursors.encode([next]);
      return { status: 200, body: { items: items.map(walletWire), nextCursor } };
    }),
    handle(contract.getWallet, async ({ principal, params }) => {
      const wallet = await readWalletOf(database, params.walletId, ownerOf(principal));
      return { status: 200, body: walletWire(wallet), version: wallet.version };
    }),
    handle(contract.getRegistration, async ({ principal, params }) => {
      await readWalletOf(database, params.walletId, ownerOf(principal));
      return { status: 200, body: await readStationRegistration(database, params.walletId) };
    }),
    handle(contract.issueRecoveryKit, async (request) => {
      const wallet = await readWalletOf(database, request.params.walletId, ownerOf(request.principal));
      const { kit, pdf } = await issueRecoveryKit(parts, wallet, originOf(request));
      return { status: 201, body: { kit, pdf: pdf.toString('base64') } };
    }),
    handle(contract.getKeyPools, async () => {
      const levels = await poolLevels(database, parts.network);
      const pool = (available: number) => ({ available, low: available < LOW_POOL });
      return { status: 200, body: { cold: pool(levels.cold), backup: pool(levels.backup) } };
    }),
  ];
}

function addressOperations(parts: AddressParts): BoundOperation[] {
  const { database, network } = parts;
  return [
    handleOnce(contract.createAddress, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      const label = request.body.label ?? null;
      const wallet = await readWalletOf(database, request.params.walletId, customer);
      const by = originOf(request);
      return await withAlarm(parts, { subject: wallet.id, during: 'address.create' }, by, () =>
        effect.commit(async (tx) => {
          await requireAllowed(tx, customer, 'new_address');
          const given = await giveAddress(tx, parts, wallet.id, { customer, label }, by);
          return {
            status: 201,
            body: addressWire(given, wallet),
            location: `/v1/addresses/${given.address}`,
          };
        }),
      );
    }),
    handleOnce(contract.createSpendingAddress, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      const label = request.body.label ?? null;
      const treasury = await readTreasury(database, network);
      const by = originOf(request);
      return await withAlarm(parts, { subject: treasury.id, during: 'address.create' }, by, () =>
        effect.commit(async (tx) => {
          await requireAllowed(tx, customer, 'new_address');
          const given = await giveAddress(tx, parts, treasury.id, { customer, label }, by);
          return {
            status: 201,
            body: addressWire(given, treasury),
            location: `/v1/addresses/${given.address}`,
          };
        }),
      );
    }),
    handle(contract.listAddresses, async ({ principal, params, query, cursors }) => {
      const wallet = await readWalletOf(database, params.walletId, ownerOf(principal));
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const { items, next } = await listGiven(database, { walletId: idToUuid(wallet.id) }, after, limit);
      const body = { items: items.map((given) => addressWire(given, wallet)) };
      return { status: 200, body: { ...body, nextCursor: next === null ? null : cursors.encode([next]) } };
    }),
    handle(contract.listSpendingAddresses, async ({ principal, query, cursors }) => {
      const treasury = await readTreasury(database, network);
      const customerId = idToUuid(requireCustomer(principal));
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const where = { walletId: idToUuid(treasury.id), customerId };
      const { items, next } = await listGiven(database, where, after, query.limit ?? DEFAULT_PAGE_LIMIT);
      const body = { items: items.map((given) => addressWire(given, treasury)) };
      return { status: 200, body: { ...body, nextCursor: next === null ? null : cursors.encode([next]) } };
    }),
    handle(contract.verifyAddress, async (request) => {
      const { principal, params } = request;
      const facts = await explainAddress(database, params.address, ownerOf(principal));
      const about = { subject: facts.wallet.id, during: 'address.verify' };
      await withAlarm(parts, about, originOf(request), () => pinnedDescriptor(database, parts, facts.wallet));
      return {
        status: 200,
        body: {
          address: addressWire(facts.address, facts.wallet),
          descriptor: facts.wallet.descriptor ?? '',
          branch: 'receive',
          witnessScript: facts.witnessScript,
          keys: facts.keys.map(({ path, ...key }) => ({ ...key, path: formatDerivationPath(path) })),
        },
      };
    }),
  ];
}

async function balancesOf(parts: WalletParts, customer: CustomerId) {
  const { items } = await listWallets(parts.database, { customer, after: null, limit: 200 });
  const open = items.filter(({ state }) => state === 'open');
  const ids = open.map(({ id }) => id);
  const { spending, vaults, sequence } = await readBalances(parts.ledger, customer, ids);
  return {
    customerId: customer,
    spending,
    sequence,
    vaults: open.flatMap(({ id, label }, index) => {
      const balance = vaults[index];
      return balance === undefined ? [] : [{ walletId: id, label, balance }];
    }),
  };
}

function balanceOperations(parts: WalletParts): BoundOperation[] {
  return [
    handle(contract.getBalances, async ({ principal }) => ({
      status: 200,
      body: await balancesOf(parts, requireCustomer(principal)),
    })),
    handle(contract.getCustomerBalances, async ({ params }) => ({
      status: 200,
      body: await balancesOf(parts, params.customerId),
    })),
  ];
}

function credentialOperations(parts: WalletParts): BoundOperation[] {
  return [
    handleOnce(signing.addSigningCredential, (request, effect) => {
      const customer = requireCustomer(request.principal);
      return effect.commit(async (tx) => {
        const added = await addSigningCredential(tx, parts, customer, request.body, originOf(request));
        return { status: 201, body: credentialWire(added) };
      });
    }),
    handle(signing.listSigningCredentials, async ({ principal }) => {
      const items = await signingCredentialsOf(parts.database, requireCustomer(principal));
      return { status: 200, body: { items: items.map(credentialWire) } };
    }),
  ];
}

/** Wallets, addresses, balances and signing credentials over HTTP. */
export function walletRoutes(parts: AddressParts): readonly BoundOperation[] {
  return [
    ...walletOperations(parts),
    ...addressOperations(parts),
    ...balanceOperations(parts),
    ...credentialOperations(parts),
  ];
}

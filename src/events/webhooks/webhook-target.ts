import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { WebhookError } from '../errors.ts';

/** Ranges of IPv4 that are not the public internet (IANA special-purpose registry, RFC 6890 and later). */
const SPECIAL_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
/** Within global unicast (2000::/3): protocol assignments with Teredo, documentation, 6to4, which embeds IPv4. */
const SPECIAL_IPV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

function listOf(type: 'ipv4' | 'ipv6', ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, type);
  return list;
}

const special4 = listOf('ipv4', SPECIAL_IPV4);
const special6 = listOf('ipv6', SPECIAL_IPV6);
const global6 = listOf('ipv6', [['2000::', 3]]);
const loopback4 = listOf('ipv4', [['127.0.0.0', 8]]);

/**
 * Whether something may be sent to this address: the public internet alone, so that nobody reaches our own
 * machines, or the metadata service of a cloud, through us. IPv6 is allowed by name (2000::/3), which leaves out
 * mapped, translated, link-local and unique local addresses.
 * @param allowLoopback For the sandbox: this machine too.
 */
export function isAllowedAddress(address: string, allowLoopback: boolean): boolean {
  const family = isIP(address);
  if (family === 4) {
    return !special4.check(address, 'ipv4') || (allowLoopback && loopback4.check(address, 'ipv4'));
  }
  if (family !== 6) return false;
  if (allowLoopback && address === '::1') return true;
  return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
}

/** What a host name resolves to. */
export type Resolve = (
  hostname: string,
  done: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

export const systemResolve: Resolve = (hostname, done) => systemLookup(hostname, { all: true }, done);

export class AddressRefused extends Error {}

/**
 * The resolution that a socket itself uses: what is checked here is what gets connected to, so a name that
 * changes its answer (DNS rebinding) gains nothing. One refused address among many refuses the name.
 */
export function checkedLookup(allowLoopback: boolean, resolve: Resolve = systemResolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error !== null || first === undefined) {
        callback(error ?? new Error('no address'), '', 0);
      } else if (!addresses.every(({ address }) => isAllowedAddress(address, allowLoopback))) {
        callback(new AddressRefused('the name leads to an address that is not public'), '', 0);
      } else if (options.all === true) {
        callback(null, [...addresses]);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

/** The host of a URL as an address, or null when it is a name. */
export function literalAddress({ hostname }: URL): string | null {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? null : bare;
}

function refused(reason: string): WebhookError {
  return new WebhookError('webhook_url_refused', `This URL cannot be used: ${reason}.`, {
    details: { reason },
  });
}

/**
 * The URL of an endpoint, in normal form. What its name resolves to is checked at every delivery.
 * @throws WebhookError `webhook_url_refused`.
 */
export function endpointUrl(text: string, allowLoopback: boolean): string {
  if (!URL.canParse(text)) throw refused('it is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(allowLoopback && url.protocol === 'http:')) {
    throw refused('it must begin with https://');
  }
  if (url.username !== '' || url.password !== '') throw refused('it holds a user or password');
  if (url.hash !== '') throw refused('it has a fragment');
  const address = literalAddress(url);
  if (address !== null && !isAllowedAddress(address, allowLoopback))
    throw refused('its address is not public');
  return url.href;
}

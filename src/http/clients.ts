import ipaddr from 'ipaddr.js';
import { MediaError } from '../core/errors.ts';

/** How a request came here: what the connection shows, corrected by the proxies that are trusted. */
export interface Via {
  /** Address of the client; empty where nobody knows. */
  readonly client: string;
  /** Whether the one who is connected is a trusted proxy, whose headers are believed. */
  readonly isTrusted: boolean;
  /** What the client asked for, where a trusted proxy tells: null otherwise. */
  readonly protocol: 'http' | 'https' | null;
  readonly host: string | null;
  /** Path that stands in front of this server's own, without a slash at its end; empty where there is none. */
  readonly prefix: string;
}

export type IsTrusted = (address: string) => boolean;

/**
 * Who may tell for whom a request is: addresses and networks (`10.0.0.0/8`), or `*` for everybody.
 * @throws MediaError `bad-request` for an entry that cannot be read
 */
export function trustList(entries: readonly string[]): IsTrusted {
  if (entries.includes('*')) return () => true;
  const networks = entries.map(network);
  return (text) => {
    const address = parsed(text);
    return (
      address !== null && networks.some((cidr) => address.kind() === cidr[0].kind() && inside(address, cidr))
    );
  };
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

function network(entry: string): Network {
  const text = entry.replace(/^\[(.*)\]$/, '$1');
  if (ipaddr.isValidCIDR(text) && isWhole(text)) return ipaddr.parseCIDR(text);
  const address = isWhole(text) ? parsed(text) : null;
  if (address) return [address, address.kind() === 'ipv4' ? 32 : 128];
  throw new MediaError(
    'bad-request',
    `--trust-proxy wants addresses, networks like 10.0.0.0/8, or *, not "${entry}"`,
  );
}

/** Short forms of IPv4 (`10.1`) are slips more often than wishes. */
const isWhole = (text: string): boolean => text.includes(':') || /^\d+(\.\d+){3}(\/\d+)?$/.test(text);

/** IPv4 in IPv6 is the IPv4 address; a zone index says nothing about who it is. */
function parsed(text: string): Address | null {
  const bare = text.replace(/%.*$/, '');
  return ipaddr.isValid(bare) && isWhole(bare) ? ipaddr.process(bare) : null;
}

/** Of addresses of one kind. */
function inside(address: Address, [base, bits]: Network): boolean {
  return address instanceof ipaddr.IPv4
    ? base instanceof ipaddr.IPv4 && address.match(base, bits)
    : base instanceof ipaddr.IPv6 && address.match(base, bits);
}

/** One way to write each address: without zone, IPv4 as such. Empty for what is none. */
const normal = (text: string): string => parsed(text)?.toString() ?? '';

/** What one client counts as: an address, or the network of 64 bits that it chose its IPv6 address from. */
export function countedAs(client: string): string {
  const address = parsed(client);
  if (!(address instanceof ipaddr.IPv6)) return client;
  return `${address.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

export const isLoopbackAddress = (client: string): boolean => parsed(client)?.range() === 'loopback';

export interface Connection {
  /** Address at the other end. */
  readonly peer: string;
  header(name: string): string | undefined;
}

/**
 * `X-Forwarded-For`, `-Proto`, `-Host`, `-Prefix`, or `Forwarded` (RFC 7239) where there is none of these, from trusted
 * proxies only: each appended what it saw, so lists are read from their end, as far as trust goes.
 */
export function readVia(connection: Connection, isTrusted: IsTrusted): Via {
  const peer = normal(connection.peer);
  if (peer === '' || !isTrusted(peer))
    return { client: peer, isTrusted: false, protocol: null, host: null, prefix: '' };
  const told = readHeaders(connection);
  const { client, hops } = walk(told.hops, peer, isTrusted);
  const protocol = nth(told.protocols, hops)?.toLowerCase();
  return {
    client,
    isTrusted: true,
    protocol: protocol === 'http' || protocol === 'https' ? protocol : null,
    host: hostOrNull(nth(told.hosts, hops)),
    prefix: prefixOf(nth(told.prefixes, hops) ?? ''),
  };
}

interface Told {
  readonly hops: readonly string[];
  readonly protocols: readonly string[];
  readonly hosts: readonly string[];
  readonly prefixes: readonly string[];
}

function readHeaders({ header }: Connection): Told {
  const listed = (name: string) => split(header(`x-forwarded-${name}`) ?? '', ',');
  const [hops, protocols, hosts, prefixes] = [
    listed('for'),
    listed('proto'),
    listed('host'),
    listed('prefix'),
  ];
  if (hops.length + protocols.length + hosts.length > 0) return { hops, protocols, hosts, prefixes };
  const elements = split(header('forwarded') ?? '', ',').map(parameters);
  const all = (name: string) => elements.map((element) => element.get(name) ?? '');
  return { hops: all('for'), protocols: all('proto'), hosts: all('host'), prefixes };
}

/** Not at separators within quotes. */
const split = (text: string, separator: ',' | ';'): string[] =>
  (text.match(separator === ',' ? /(?:"[^"]*"|[^,"])+/g : /(?:"[^"]*"|[^;"])+/g) ?? [])
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** `for="[2001:db8::1]:4711";proto=https` */
const parameters = (element: string): ReadonlyMap<string, string> =>
  new Map(
    split(element, ';').map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [
        name.trim().toLowerCase(),
        value
          .join('=')
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      ];
    }),
  );

/** From the nearest proxy outwards to the first address that is not trusted; what is no address ends it. */
function walk(
  hops: readonly string[],
  peer: string,
  isTrusted: IsTrusted,
): { readonly client: string; readonly hops: number } {
  let client = peer;
  let passed = 0;
  for (const hop of hops.toReversed()) {
    if (!isTrusted(client)) break;
    const next = normal(withoutPort(hop));
    if (next === '') break;
    client = next;
    passed++;
  }
  return { client, hops: Math.max(1, passed) };
}

const withoutPort = (hop: string): string =>
  /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(hop)?.[1] ?? hop;

/** What the outermost of so many trusted proxies told; where proxies overwrite, there is one for all. */
const nth = (list: readonly string[], hops: number): string | undefined =>
  list.at(Math.max(0, list.length - hops));

const hostOrNull = (text = ''): string | null =>
  /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(text) ? text.toLowerCase() : null;

/** Only what can stand in a path: it is put into addresses. */
const prefixOf = (text: string): string =>
  /^(\/[\w.~%-]+)+\/?$/.test(text) && !/(^|\/)\.\.?(\/|$)/.test(text) ? text.replace(/\/$/, '') : '';

import ipaddr from 'ipaddr.js';
import { MediaError } from '../core/errors.ts';

/** Why an address may be connected to: it is public, the user named it, or the user allowed every private one. */
export type Access = 'public' | 'named' | 'private';

const RANK = { public: 0, named: 1, private: 2 } as const satisfies Record<Access, number>;

/** Of two ways to bytes the one that tells more about the network behind: what both together count as. */
export const lessPublic = (a: Access | null, b: Access): Access => (a !== null && RANK[a] > RANK[b] ? a : b);

/** Decides which addresses requests may leave for. */
export interface AddressPolicy {
  /**
   * @param host as the URL writes it, brackets included
   * @param address the IP address that will be connected to
   * @throws MediaError `forbidden-address`, its message names the flag that would allow it
   */
  classify(host: string, port: number, address: string): Access;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
/** One `allow` entry, made ready to be asked. */
type Rule = (host: string, port: number, address: Address) => boolean;

export interface AddressPolicyOptions {
  /** `10.0.0.0/8`, `fd00::/8`, `10.0.0.5`, `10.0.0.5:8096`, `[fd00::5]:8096`, `nas`, `nas:8096`. */
  readonly allow: readonly string[];
  readonly allowPrivate: boolean;
}

/** @throws MediaError `bad-request` when an `allow` entry cannot be read */
export function addressPolicy({ allow, allowPrivate }: AddressPolicyOptions): AddressPolicy {
  const rules = allow.map(parseRule);
  return {
    classify(host, port, address) {
      const name = bareHost(host);
      const parsed = parseAddress(address);
      const range = parsed ? privateRange(parsed) : 'unreadable';
      if (range === null) return 'public';
      if (parsed && rules.some((rule) => rule(name, port, parsed))) return 'named';
      if (allowPrivate) return 'private';
      throw forbidden(name, address, range);
    },
  };
}

/** The literal IP address that a URL's host is, without brackets; null for a name. The URL parser has normalised its spelling. */
export function literalAddress(host: string): string | null {
  const bare = bareHost(host);
  return ipaddr.isValid(bare) ? bare : null;
}

function bareHost(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return bare.toLowerCase().replace(/\.$/, '');
}

/** IPv4-mapped IPv6 is the IPv4 address; a zone index says nothing about the range. */
function parseAddress(text: string): Address | null {
  const bare = text.replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : null;
}

/** Ranges that ipaddr.js calls unicast, yet lead into the own network or cloud. */
const SPECIAL: readonly (readonly [string, string])[] = [
  ['168.63.129.16/32', 'cloud metadata'],
  ['64:ff9b:1::/48', 'local NAT64'],
];

/** Name of the non-public range that the address lies in, or null for a public one. */
function privateRange(address: Address): string | null {
  for (const [cidr, name] of SPECIAL) if (inSubnet(address, cidr)) return name;
  const embedded = address.kind() === 'ipv6' ? embeddedV4(address.toByteArray()) : null;
  if (embedded) {
    const inner = privateRange(embedded);
    return inner === null ? null : `${inner}, inside IPv6`;
  }
  const range = address.range();
  return range === 'unicast' ? null : words(range);
}

/** `carrierGradeNat` → `carrier grade nat`. */
const words = (range: string): string => range.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

interface Embedding {
  readonly cidr: string;
  /** Byte where the IPv4 address lies. */
  readonly at: number;
  /** Each byte is stored inverted. */
  readonly inverted?: true;
}

/** Where IPv6 addresses carry an IPv4 address that a gateway would connect to instead. */
const EMBEDDINGS: readonly Embedding[] = [
  { cidr: '64:ff9b::/96', at: 12 }, // NAT64, RFC 6052
  { cidr: '::ffff:0:0:0/96', at: 12 }, // IPv4-translated, RFC 6145
  { cidr: '::/96', at: 12 }, // IPv4-compatible, RFC 4291, 2.5.5.1
  { cidr: '2002::/16', at: 2 }, // 6to4, RFC 3056
  { cidr: '2001::/32', at: 12, inverted: true }, // Teredo, RFC 4380
];

function embeddedV4(bytes: readonly number[]): ipaddr.IPv4 | null {
  const address = new ipaddr.IPv6([...bytes]);
  const range = address.range();
  if (range === 'loopback' || range === 'unspecified') return null;
  const found = EMBEDDINGS.find(({ cidr }) => inSubnet(address, cidr)) ?? isatap(bytes);
  if (!found) return null;
  const part = bytes.slice(found.at, found.at + 4);
  return new ipaddr.IPv4(found.inverted ? part.map((byte) => byte ^ 0xff) : part);
}

/** ISATAP, RFC 5214, 6.1: an interface identifier of 0000:5efe or 0200:5efe before the IPv4 address. */
function isatap(bytes: readonly number[]): Pick<Embedding, 'at' | 'inverted'> | null {
  const marked = bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
  return marked && (bytes[8] === 0 || bytes[8] === 2) ? { at: 12 } : null;
}

function inSubnet(address: Address, cidr: string): boolean {
  const [base, bits] = ipaddr.parseCIDR(cidr);
  return address.kind() === base.kind() && address.match(base, bits);
}

function parseRule(entry: string): Rule {
  const text = entry.trim();
  if (text.includes('/')) {
    if (!ipaddr.isValidCIDR(text)) throw malformed(entry);
    return (_host, _port, address) => inSubnet(address, text);
  }
  const split = splitPort(text);
  if (!split) throw malformed(entry);
  const literal = parseAddress(split.host);
  const portFits = (port: number) => split.port === null || split.port === port;
  if (literal) {
    const wanted = literal.toNormalizedString();
    return (_host, port, address) => portFits(port) && address.toNormalizedString() === wanted;
  }
  if (!/^[\p{L}\p{N}_]([\p{L}\p{N}_.-]*[\p{L}\p{N}_])?\.?$/u.test(split.host)) throw malformed(entry);
  const name = asciiHost(split.host) ?? split.host.toLowerCase();
  return (host, port) => portFits(port) && host === name;
}

/** The host as the URL parser writes it (punycode, lower case); a spelling that it takes for a number is refused. */
function asciiHost(text: string): string | null {
  const url = URL.canParse(`http://${text}/`) ? new URL(`http://${text}/`) : null;
  if (!url || literalAddress(url.hostname) !== null) throw malformed(text);
  return bareHost(url.hostname);
}

interface HostAndPort {
  readonly host: string;
  readonly port: number | null;
}

function splitPort(text: string): HostAndPort | null {
  if (ipaddr.isValid(text) && (text.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(text)))
    return { host: text, port: null };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (!match || host === undefined) return null;
  if (match[1] !== undefined && !ipaddr.IPv6.isValid(match[1])) return null;
  const port = match[3] === undefined ? null : Number(match[3]);
  return port !== null && (port < 1 || port > 65_535) ? null : { host, port };
}

const malformed = (entry: string): MediaError =>
  new MediaError(
    'bad-request',
    `--allow ${entry}: expected a network (10.0.0.0/8), an address (10.0.0.5, [fd00::5]:8096) or a host (nas, nas:8096)`,
  );

function forbidden(host: string, address: string, range: string): MediaError {
  const literal = literalAddress(host) !== null;
  const subject = literal ? address : `${host} leads to ${address}, which`;
  const flags = literal ? `--allow ${address}` : `--allow ${address}, --allow ${host}`;
  return new MediaError(
    'forbidden-address',
    `${subject} is a private address (${range}). To allow it start with ${flags} or --allow-private`,
  );
}

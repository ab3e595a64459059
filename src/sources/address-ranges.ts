import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** IPv4-mapped IPv6 is the IPv4 address; a zone index says nothing about the range. Null for what is no address. */
export function parseAddress(text: string): Address | null {
  const bare = text.replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : null;
}

/** Ranges that ipaddr.js calls unicast, yet lead into the own network or cloud. */
const SPECIAL: readonly (readonly [string, string])[] = [
  ['168.63.129.16/32', 'cloud metadata'],
  ['64:ff9b:1::/48', 'local NAT64'],
];

/** Where clouds tell whoever asks the secrets of the machine that asks: AWS and others, Alibaba, Oracle, Azure. */
const METADATA = [
  '169.254.169.254/32',
  '169.254.170.2/32',
  'fd00:ec2::254/128',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '168.63.129.16/32',
] as const;

export function isMetadata(address: Address): boolean {
  const inner = embeddedAddress(address);
  return METADATA.some((cidr) => inSubnet(address, cidr)) || (inner !== null && isMetadata(inner));
}

/** All that IANA has given out of IPv6; the rest may be anybody's inside a network. */
const GLOBAL_IPV6 = '2000::/3';

/** Name of the non-public range that the address lies in, or null for a public one. */
export function privateRange(address: Address): string | null {
  for (const [cidr, name] of SPECIAL) if (inSubnet(address, cidr)) return name;
  const embedded = embeddedAddress(address);
  if (embedded) {
    const inner = privateRange(embedded);
    return inner === null ? null : `${inner}, inside IPv6`;
  }
  const range = address.range();
  if (range !== 'unicast') return words(range);
  return address.kind() === 'ipv6' && !inSubnet(address, GLOBAL_IPV6) ? 'not given out' : null;
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

/** The IPv4 address that a gateway makes of an IPv6 one; null where there is none. */
export function embeddedAddress(address: Address): Address | null {
  const range = address.range();
  if (address.kind() === 'ipv4' || range === 'loopback' || range === 'unspecified') return null;
  const bytes = address.toByteArray();
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

export function inSubnet(address: Address, cidr: string): boolean {
  const [base, bits] = ipaddr.parseCIDR(cidr);
  return address.kind() === base.kind() && address.match(base, bits);
}

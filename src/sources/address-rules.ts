import ipaddr from 'ipaddr.js';
import { MediaError } from '../core/errors.ts';
import { isUrl } from '../core/url.ts';
import { type Address, inSubnet, parseAddress } from './address-ranges.ts';

/** Where a request goes. */
export interface Destination {
  /** Lower case, without brackets and trailing dot. */
  readonly name: string;
  readonly port: number;
  /** Null where nobody here knows it: then only names and ports fit. */
  readonly address: Address | null;
}

/** One entry of a list of addresses, made ready to be asked. */
export interface AddressRule {
  /** The port that the entry names; null: it holds for all. */
  readonly port: number | null;
  fits(destination: Destination): boolean;
}

type Fits = AddressRule['fits'];

/** A list of `--allow` and its like, and what it is called where an entry of it cannot be read. */
export interface AddressList {
  readonly setting: string;
  readonly entries: readonly string[];
}

/** @throws MediaError `bad-request` for an entry that cannot be read */
export const parseRules = ({ setting, entries }: AddressList): AddressRule[] =>
  entries.map((entry) => {
    const rule = parseRule(entry.trim());
    if (rule) return rule;
    throw new MediaError(
      'bad-request',
      `${setting} ${entry}: expected a network (10.0.0.0/8), an address (10.0.0.5, [fd00::5]:8096), a host (nas, nas:8096), all names below one (*.example.org) or a port (:8096)`,
    );
  });

/** The literal IP address that a URL's host is, without brackets; null for a name. The URL parser has normalised its spelling. */
export function literalAddress(host: string): string | null {
  const bare = bareHost(host);
  return ipaddr.isValid(bare) ? bare : null;
}

/** As rules and policies compare it. */
export function bareHost(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return bare.toLowerCase().replace(/\.$/, '');
}

function parseRule(text: string): AddressRule | null {
  if (text.includes('/')) {
    if (!ipaddr.isValidCIDR(text)) return null;
    return { port: null, fits: ({ address }) => address !== null && inSubnet(address, text) };
  }
  const split = splitPort(text);
  if (!split) return null;
  const fits = parseHost(split.host);
  const { port } = split;
  if (port === null || !fits) return fits && { port, fits };
  return { port, fits: (destination) => destination.port === port && fits(destination) };
}

function parseHost(host: string): Fits | null {
  if (host === '') return () => true;
  const literal = parseAddress(host);
  if (literal) {
    const wanted = literal.toNormalizedString();
    return ({ address }) => address?.toNormalizedString() === wanted;
  }
  const below = host.startsWith('*.');
  const name = asciiName(below ? host.slice(2) : host);
  if (name === null) return null;
  return below ? (asked) => asked.name.endsWith(`.${name}`) : (asked) => asked.name === name;
}

/** The name as the URL parser writes it (punycode, lower case); null for a spelling that it takes for a number. */
function asciiName(text: string): string | null {
  if (!/^[\p{L}\p{N}_]([\p{L}\p{N}_.-]*[\p{L}\p{N}_])?\.?$/u.test(text)) return null;
  if (!isUrl(`http://${text}/`)) return null;
  const { hostname } = new URL(`http://${text}/`);
  return literalAddress(hostname) === null ? bareHost(hostname) : null;
}

interface HostAndPort {
  /** Empty where only a port is named. */
  readonly host: string;
  readonly port: number | null;
}

function splitPort(text: string): HostAndPort | null {
  if (ipaddr.isValid(text) && (text.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(text)))
    return { host: text, port: null };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (!match || host === undefined || text === '') return null;
  if (match[1] !== undefined && !ipaddr.IPv6.isValid(match[1])) return null;
  const port = match[3] === undefined ? null : Number(match[3]);
  return port !== null && (port < 1 || port > 65_535) ? null : { host, port };
}

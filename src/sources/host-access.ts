import { MediaError } from '../core/errors.ts';
import type { Access, AddressPolicy } from './address-policy.ts';
import { literalAddress } from './address-rules.ts';

/** Endings of names that lead into the own network, or are reserved: RFC 6761, 6762, 8375, ICANN's name collisions. */
const PRIVATE_ENDINGS = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'home.arpa',
  'in-addr.arpa',
  'ip6.arpa',
  'onion',
] as const;

/** A name that spells an address, as services give them that resolve it to just that: `10.0.0.1.example`, `ip-10-0-0-1`. */
const SPELT_ADDRESS = /(?:^|[^\d])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})(?:$|[^\d])/;

/**
 * How private the host of a URL is, where names cannot be resolved: literals in every spelling are judged as the
 * policy does, names by what they say. A public name that is resolved to a private address is for whoever resolves it
 * to refuse: the platform, or a proxy.
 * @throws MediaError `forbidden-address`
 */
export function hostAccess(policy: AddressPolicy, url: URL): Access {
  const { hostname } = url;
  const port = portOf(url);
  const access = policy.classify(hostname, port, literalAddress(hostname));
  const address = literalAddress(hostname) === null ? addressBehind(hostname) : null;
  if (address === null) return access;
  try {
    return policy.classify(hostname, port, address);
  } catch (error) {
    if (!(error instanceof MediaError) || error.code !== 'forbidden-address') throw error;
    throw new MediaError(
      'forbidden-address',
      `${hostname} is in a private network. To allow it start with --allow ${hostname}, or set SLUICE_ALLOW=${hostname}`,
    );
  }
}

export const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80);

/** Leads nowhere: only a rule for the name itself, or for all private ones, allows it. */
const NOWHERE = '::';

/** The address that a name is judged as; null for a public one. */
function addressBehind(hostname: string): string | null {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return '127.0.0.1';
  const isPrivate = PRIVATE_ENDINGS.some((ending) => name === ending || name.endsWith(`.${ending}`));
  if (isPrivate || !name.includes('.')) return NOWHERE;
  const spelt = SPELT_ADDRESS.exec(name)?.slice(1).join('.') ?? '';
  return literalAddress(spelt);
}

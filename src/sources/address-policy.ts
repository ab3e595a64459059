import { MediaError } from '../core/errors.ts';
import { embeddedAddress, isMetadata, parseAddress, privateRange } from './address-ranges.ts';
import { type AddressRule, bareHost, type Destination, literalAddress, parseRules } from './address-rules.ts';
import { BLOCKED_PORTS } from './blocked-ports.ts';

/** Why an address may be connected to: it is public, the user named it, or the user allowed every private one. */
export type Access = 'public' | 'named' | 'private';

const RANK = { public: 0, named: 1, private: 2 } as const satisfies Record<Access, number>;

/** Of two ways to bytes the one that tells more about the network behind: what both together count as. */
export const lessPublic = (a: Access | null, b: Access): Access => (a !== null && RANK[a] > RANK[b] ? a : b);

/** Decides which addresses requests may leave for: one for every request that a server makes. */
export interface AddressPolicy {
  /**
   * @param host as the URL writes it, brackets included
   * @param address the IP address that will be connected to; null where nobody here will know it: then only what is said of names and ports holds
   * @throws MediaError `forbidden-address`, its message names the flag that would allow it
   */
  classify(host: string, port: number, address: string | null): Access;
}

/** Entries of lists: `10.0.0.0/8`, `10.0.0.5`, `10.0.0.5:8096`, `[fd00::5]:8096`, `nas`, `nas:8096`, `*.example.org`, `:25`. */
export interface AddressPolicyOptions {
  /** What is asked although it is private, or at a port that is usually not asked. */
  readonly allow: readonly string[];
  /** All that is private, but for what clouds tell their machines: that must be named. */
  readonly allowPrivate: boolean;
  /** What is never asked, whoever allows it. */
  readonly deny?: readonly string[];
  /** Nothing else is asked; null: no such limit. What is private must be allowed all the same. */
  readonly allowOnly?: readonly string[] | null;
}

/** @throws MediaError `bad-request` when an entry cannot be read */
export function addressPolicy(options: AddressPolicyOptions): AddressPolicy {
  const { allowPrivate, deny = [], allowOnly = null } = options;
  const allowed = parseRules({ setting: '--allow', entries: options.allow });
  const denied = parseRules({ setting: '--deny', entries: deny });
  const only = allowOnly && parseRules({ setting: 'SLUICE_ALLOW_ONLY', entries: allowOnly });
  return {
    classify(host, port, address) {
      const parsed = address === null ? null : parseAddress(address);
      const destination = { name: bareHost(host), port, address: parsed };
      if (isDenied(denied, destination)) throw refused(destination, '--deny forbids it');
      if (only && !fitsAny(only, destination))
        throw refused(destination, 'SLUICE_ALLOW_ONLY does not name it');
      if (BLOCKED_PORTS.has(port)) requirePort(allowed, destination);
      if (address === null) return 'public';
      const range = parsed ? privateRange(parsed) : 'unreadable';
      if (range === null) return 'public';
      if (parsed && fitsAny(allowed, destination)) return 'named';
      const isSecret = parsed !== null && isMetadata(parsed);
      if (allowPrivate && !isSecret) return 'private';
      throw forbidden(destination.name, address, isSecret ? 'cloud metadata' : range);
    },
  };
}

/** The same for what pages of other sites ask: nothing that only `allowPrivate` opens. */
export const foreignPagePolicy = (policy: AddressPolicy): AddressPolicy => ({
  classify(host, port, address) {
    const access = policy.classify(host, port, address);
    if (access !== 'private') return access;
    throw new MediaError(
      'unauthorized',
      'Pages of other sites may not read this source; add the key that the server printed at start (&key=…)',
    );
  },
});

const fitsAny = (rules: readonly AddressRule[], destination: Destination): boolean =>
  rules.some((rule) => rule.fits(destination));

/** Also by the IPv4 address that a gateway would connect to instead. */
function isDenied(rules: readonly AddressRule[], destination: Destination): boolean {
  if (fitsAny(rules, destination)) return true;
  const inner = destination.address && embeddedAddress(destination.address);
  return inner !== null && fitsAny(rules, { ...destination, address: inner });
}

/** Only an entry with the port itself opens it. */
function requirePort(allowed: readonly AddressRule[], destination: Destination): void {
  const named = allowed.filter((rule) => rule.port !== null);
  if (fitsAny(named, destination)) return;
  const { name, port } = destination;
  const entry = `${name.includes(':') ? `[${name}]` : name}:${port}`;
  throw refused(
    destination,
    `port ${port} belongs to a service that is not HTTP. To allow it start with --allow ${entry}, or set SLUICE_ALLOW=${entry}`,
  );
}

const refused = ({ name }: Destination, why: string): MediaError =>
  new MediaError('forbidden-address', `${name} is not asked: ${why}`);

function forbidden(host: string, address: string, range: string): MediaError {
  const literal = literalAddress(host) !== null;
  const subject = literal ? address : `${host} leads to ${address}, which`;
  const named = literal ? `--allow ${address}` : `--allow ${address}, --allow ${host}`;
  const flags = range === 'cloud metadata' ? named : `${named} or --allow-private`;
  return new MediaError(
    'forbidden-address',
    `${subject} is a private address (${range}). To allow it start with ${flags}, or set SLUICE_ALLOW=${host}`,
  );
}

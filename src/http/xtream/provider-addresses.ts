import type { UpstreamAccount } from './account.ts';

/** Where streams of an account are, there and here. */
export interface ProviderPlace {
  readonly account: UpstreamAccount;
  /** The root of this server, with a slash at its end. */
  readonly root: string;
}

const KINDS = 'live|movie|series|timeshift';

/** Address at the provider of a path of ours, behind the kind of stream. */
export const streamUrl = (
  { base, user, password }: UpstreamAccount,
  { kind, file }: { readonly kind: string; readonly file: string },
): string =>
  `${base}/${kind === '' ? '' : `${kind}/`}${encodeURIComponent(user)}/${encodeURIComponent(password)}/${file}`;

/** Address of a script of the provider, with these fields; the account goes before what they say. */
export function scriptUrl(
  { base, user, password }: UpstreamAccount,
  script: string,
  fields: Iterable<readonly [string, string]>,
): string {
  const query = new URLSearchParams({ username: user, password });
  for (const [name, value] of fields) if (!OURS.has(name)) query.append(name, value);
  return `${base}/${script}?${query}`;
}

/** Fields that are for this server, or stand in the account. */
const OURS = new Set(['username', 'password', 'api_password', 'key']);

/**
 * Puts addresses of ours in the place of those of streams at the provider, whatever else stands in the text: in JSON
 * slashes may be escaped, and some providers leave their port out.
 */
export function addressRewriter({ account, root }: ProviderPlace): (text: string) => string {
  const { base, user, password, name } = account;
  const { hostname, pathname } = new URL(base);
  const slash = '\\\\?/';
  const path = pathname === '/' ? '' : escaped(pathname).replaceAll('/', slash);
  const either = (text: string) => `(?:${[text, encodeURIComponent(text)].map(escaped).join('|')})`;
  const pattern = new RegExp(
    `https?:(${slash})${slash}${escaped(hostname)}(?::\\d{1,5})?${path}${slash}(?:(${KINDS})${slash})?${either(user)}${slash}${either(password)}${slash}`,
    'gi',
  );
  return (text) =>
    text.replaceAll(pattern, (_, mark: string, kind: string | undefined) => {
      const address = `${root}${kind ? `${kind}/` : ''}${name}/${encodeURIComponent(password)}/`;
      return mark === '/' ? address : address.replaceAll('/', '\\/');
    });
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

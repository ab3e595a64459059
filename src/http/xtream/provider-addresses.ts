import type { UpstreamAccount } from './account.ts';

/** Where streams of an account are, there and here. */
export interface ProviderPlace {
  readonly account: UpstreamAccount;
  /** The root of this server, with a slash at its end. */
  readonly root: string;
}

const KINDS = 'live|movie|series|timeshift';
/** Those that are here, too. */
const SCRIPTS = '(?:player_api|panel_api|get|xmltv|streaming/timeshift)\\.php';

type Login = Pick<UpstreamAccount, 'base' | 'user' | 'password'>;
/** Parts of a path of ours by their names. */
type Parts = Readonly<Record<string, string>>;

/** Address at the provider of a path of ours, behind the kind of stream. */
export const streamUrl = (
  { base, user, password }: Login,
  { kind, file }: { readonly kind: string; readonly file: string },
): string =>
  `${base}/${kind === '' ? '' : `${kind}/`}${encodeURIComponent(user)}/${encodeURIComponent(password)}/${file}`;

export function timeshiftUrl(account: Login, { duration = '', start = '', file = '' }: Parts): string {
  const path = `${duration}/${encodeURIComponent(start)}/${file}`;
  return streamUrl(account, { kind: 'timeshift', file: path });
}

export function recordingUrl(
  account: Login,
  { token = '', channel = '', start = '', end = '' }: Parts,
): string {
  const file = [channel, start, end, 'index.m3u8'].map(encodeURIComponent).join('/');
  return streamUrl(account, { kind: `hlsr/${encodeURIComponent(token)}`, file });
}

/** Address of a script of the provider, with these fields; the account goes before what they say. */
export function scriptUrl(
  { base, user, password }: Login,
  script: string,
  fields: Iterable<readonly [string, string]>,
): string {
  const query = new URLSearchParams({ username: user, password });
  for (const [name, value] of fields) if (name !== '' && !OURS.has(name)) query.append(name, value);
  return `${base}/${script}?${query}`;
}

/** Fields that are for this server, or stand in the account. */
const OURS = new Set(['username', 'password', 'api_password', 'key']);

/**
 * Puts addresses of ours in the place of those of streams and scripts at the provider, whatever else stands in the text:
 * in JSON slashes may be escaped, and some providers leave their port out.
 */
export function addressRewriter({ account, root }: ProviderPlace): (text: string) => string {
  const { base, user, password, name } = account;
  const { hostname, pathname } = new URL(base);
  const slash = '\\\\?/';
  const path = pathname === '/' ? '' : escaped(pathname).replaceAll('/', slash);
  const either = (text: string) => `(?:${[text, encodeURIComponent(text)].map(escaped).join('|')})`;
  const place = `https?:(${slash})${slash}${escaped(hostname)}(?::\\d{1,5})?${path}${slash}`;
  const stream = `(?:(${KINDS})${slash})?${either(user)}${slash}${either(password)}${slash}`;
  const streams = new RegExp(place + stream, 'gi');
  const scripts = new RegExp(`${place}(${SCRIPTS.replaceAll('/', slash)})\\?([^"'\\s<>|]*)`, 'gi');
  const fields = [
    { pattern: fieldPattern('username', either(user)), ours: name },
    { pattern: fieldPattern('password', either(password)), ours: encodeURIComponent(password) },
  ];
  return (text) =>
    text
      .replaceAll(streams, (_, mark: string, kind: string | undefined) =>
        marked(`${root}${kind ? `${kind}/` : ''}${name}/${encodeURIComponent(password)}/`, mark),
      )
      .replaceAll(scripts, (all: string, mark: string, script: string, query: string) => {
        if (!fields.every(({ pattern }) => pattern.test(query))) return all;
        const own = fields.reduce((so, { pattern, ours }) => so.replace(pattern, `$1${ours}`), query);
        return `${marked(root, mark)}${script}?${own}`;
      });
}

/** An address with slashes as they are written there. */
const marked = (address: string, mark: string): string =>
  mark === '/' ? address : address.replaceAll('/', mark);

/** A field of a query that stands in JSON, XML or a list. */
const fieldPattern = (field: string, value: string): RegExp =>
  new RegExp(`((?:^|&|&amp;|\\\\u0026)${field}=)${value}(?=$|[&#\\\\])`, 'i');

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

import { readUpstream } from './account.ts';
import { recordingUrl, scriptUrl, streamUrl, timeshiftUrl } from './provider-addresses.ts';

/** What a request asks of a provider, before anybody looks at its passwords. */
interface AskedOfProvider {
  /** Pattern of its route. */
  readonly label: string;
  readonly parts: Readonly<Record<string, string>>;
  readonly fields: ReadonlyMap<string, string>;
}

/** The address at the provider that its user name stands for; null for this server's own channels. */
export function providerAddress({ label, parts, fields }: AskedOfProvider): string | null {
  const { user = fields.get('username') ?? '', password = fields.get('password') ?? '' } = parts;
  const upstream = readUpstream(user);
  if (!upstream) return null;
  const account = { base: upstream.base, user: upstream.user, password };
  const script = /\/((?:streaming\/)?\w+\.php)$/.exec(label)?.[1];
  if (script) return scriptUrl(account, script, fields);
  if (label.includes('/hlsr/')) return recordingUrl(account, parts);
  if (label.includes('/timeshift/')) return timeshiftUrl(account, parts);
  const kind = /\/(live|movie|series)\/:user\//.exec(label)?.[1] ?? '';
  return streamUrl(account, { kind, file: parts.file ?? '' });
}

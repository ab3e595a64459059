import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import { isUrl } from '../../core/url.ts';
import { toBase64Url } from '../../proxy/base64url.ts';
import { equalSecrets } from '../../proxy/token.ts';
import { carriesKey, guardSource } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { carriesPassword } from '../password.ts';
import { decodedUrl } from '../proxy/written-url.ts';

/** Somebody's account with a provider, which a user name stands for. */
export interface UpstreamAccount {
  readonly kind: 'upstream';
  /** Address of the provider, without a slash at its end. */
  readonly base: string;
  readonly user: string;
  readonly password: string;
  /** The user name here. */
  readonly name: string;
  readonly isTrusted: boolean;
}

/** This server's own channels. */
export interface OwnAccount {
  readonly kind: 'own';
  readonly name: string;
  readonly password: string;
}

export type Account = UpstreamAccount | OwnAccount;

export interface Login {
  readonly user: string;
  readonly password: string;
}

/**
 * What a login stands for. A user name that is base64 of `<provider's URL>:<user>[:<API password>]`, or
 * `<base64 of the URL>:<user>[:<API password>]`, is an account with that provider; any other one is for the channels of
 * this server, whose password is the API password or the key.
 * @throws MediaError `bad-request` where there are no channels, `unauthorized` for a wrong password, and for pages of
 * other sites where this server asks for none
 */
export function readAccount(c: Context<AppEnv>, login: Login): Account {
  const upstream = readUpstream(login.user);
  return upstream ? upstreamAccount(c, login, upstream) : ownAccount(c, login);
}

interface UpstreamName {
  readonly base: string;
  readonly user: string;
  readonly apiPassword: string | null;
}

/** Provider with or without a port and a path, user, API password. */
const PARTS = /^(https?:\/\/(?:\[[^\]/]+\]|[^:/]+)(?::\d{1,5}(?=[/:]))?(?:\/[^:]*)?):([^:]+)(?::(.*))?$/i;

export function readUpstream(name: string): UpstreamName | null {
  const [encoded = '', ...others] = name.split(':');
  const url = decodedUrl(encoded);
  // Both forms, put together, say the same.
  const whole = url === null ? null : [url, ...others].join(':');
  const [, base = '', user = '', apiPassword] = PARTS.exec(whole ?? '') ?? [];
  if (user === '' || !isUrl(base)) return null;
  return { base: base.replace(/\/+$/, ''), user, apiPassword: apiPassword || null };
}

function upstreamAccount(
  c: Context<AppEnv>,
  { password }: Login,
  { base, user, apiPassword }: UpstreamName,
): UpstreamAccount {
  const { accessKey } = c.var.deps;
  const isTrusted = carriesKey(c) || (apiPassword !== null && equalSecrets(apiPassword, accessKey));
  if (!isLet(c, apiPassword, isTrusted))
    throw new MediaError(
      'unauthorized',
      'This server asks for its password: put it into the user name, as base64 of <URL>:<user>:<password>',
    );
  const written = [base, user, ...(apiPassword === null ? [] : [apiPassword])].join(':');
  const name = toBase64Url(new TextEncoder().encode(written));
  return { kind: 'upstream', base, user, password, name, isTrusted };
}

function ownAccount(c: Context<AppEnv>, { user, password }: Login): OwnAccount {
  if (!c.var.deps.channels)
    throw new MediaError(
      'bad-request',
      'The user name must be base64 of <URL of the provider>:<user>[:<password of this server>]; this server has no channels of its own',
    );
  const isTrusted = carriesKey(c) || equalSecrets(password, c.var.deps.accessKey);
  if (!isLet(c, password, isTrusted))
    throw new MediaError('unauthorized', 'The password is that of this server, or its key');
  // The channels are the host's own: a page of another site needs what only they can tell.
  guardSource(c, 'local', isTrusted || c.var.deps.config.apiPassword !== null);
  return { kind: 'own', name: user, password };
}

function isLet(c: Context<AppEnv>, given: string | null, isTrusted: boolean): boolean {
  const { apiPassword } = c.var.deps.config;
  if (apiPassword === null || isTrusted) return true;
  return (given !== null && equalSecrets(given, apiPassword)) || carriesPassword(c, apiPassword);
}

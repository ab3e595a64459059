import type { MediaflowTransport } from '../core/upstreams.ts';
import { isYes, list, nonEmpty, type Variables, wrong } from './values.ts';

/** What variables alone say of upstreams. */
export interface UpstreamEnvironment {
  /** Nothing else is asked; null: no such limit. */
  readonly allowOnly: readonly string[] | null;
  /** Sent to upstreams where nobody gives one; null: the own. */
  readonly userAgent: string | null;
  /** Routes in the words of mediaflow-proxy; those of the file come first. */
  readonly transport: MediaflowTransport;
}

/** @throws MediaError `bad-request` naming the variable that cannot be read */
export const upstreamEnvironment = (env: Variables): UpstreamEnvironment => ({
  allowOnly: nonEmpty(env.SLUICE_ALLOW_ONLY) === undefined ? null : list(env.SLUICE_ALLOW_ONLY),
  userAgent: userAgent(nonEmpty(env.SLUICE_USER_AGENT) ?? nonEmpty(env.USER_AGENT)),
  transport: mediaflowTransport(env),
});

function userAgent(text: string | undefined): string | null {
  if (/^[\x20-\x7e]*$/.test(text ?? '')) return text ?? null;
  throw wrong('SLUICE_USER_AGENT (or USER_AGENT) must be printable ASCII');
}

/** Many machines have an ALL_PROXY with the URL of a proxy for other programs: it is not mediaflow-proxy's. */
const mediaflowTransport = (env: Variables): MediaflowTransport => ({
  proxyUrl: nonEmpty(env.PROXY_URL) ?? null,
  proxiesAll: !env.ALL_PROXY?.includes(':') && isYes('ALL_PROXY', env.ALL_PROXY),
  routes: nonEmpty(env.TRANSPORT_ROUTES) ?? null,
  verifiesTls: !isYes('DISABLE_SSL_VERIFICATION_GLOBALLY', env.DISABLE_SSL_VERIFICATION_GLOBALLY),
});

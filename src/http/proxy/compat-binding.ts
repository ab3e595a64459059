import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { AppEnv } from '../deps.ts';

/** When an encrypted address that a request came by is over, and whom it is for. */
export interface CompatBinding {
  readonly expires: number | null;
  readonly client: string | null;
}

const UNBOUND: CompatBinding = { expires: null, client: null };

/** Beside what the platform gives with each request. */
const NAME = 'sluiceBinding';

export const withBinding = (env: unknown, binding: CompatBinding): object => ({
  ...(typeof env === 'object' ? env : {}),
  [NAME]: binding,
});

/** What holds for the addresses that this request's answer leads to, too. */
export function bindingOf(c: Context<AppEnv>): CompatBinding {
  const env: unknown = c.env;
  if (typeof env !== 'object' || env === null || !(NAME in env)) return UNBOUND;
  return (env as { readonly [NAME]: CompatBinding })[NAME];
}

/** @throws MediaError `unauthorized` where an address is for somebody else; null is for anybody */
export function requireClient(c: Context<AppEnv>, client: string | null): void {
  if (client !== null && client !== c.var.deps.clientOf?.(c))
    throw new MediaError('unauthorized', 'This address is for another client');
}

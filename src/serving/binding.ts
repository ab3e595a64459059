import type { Config } from '../config.ts';
import { MediaError } from '../core/errors.ts';

/** Whether nobody but programs of this machine reaches what is bound to a host. */
export const isThisMachine = (host: string): boolean =>
  /^127(\.\d{1,3}){3}$|^(::1|localhost|.+\.localhost)$/i.test(host);

/**
 * A server that fetches for everybody who finds it is opened on purpose only.
 * @throws MediaError `bad-request` saying what to set
 */
export function requireGuard({ host, apiPassword, isOpen }: Config): void {
  if (apiPassword !== null || isOpen || isThisMachine(host)) return;
  throw new MediaError(
    'bad-request',
    `Listening at ${host} lets others in: set API_PASSWORD, or let in everybody with --open (SLUICE_OPEN=1)`,
  );
}

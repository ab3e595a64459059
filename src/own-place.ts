import type { Config } from './config.ts';
import type { IsOwn } from './sources/no-way-back.ts';

/** Where this server is, as far as it knows: by its public URL, and at its port on this machine. */
export interface OwnPlace {
  readonly isOwn: IsOwn;
  /** Told once the port is known. */
  listensAt(port: number): void;
}

export function ownPlace({ publicUrl, host }: Pick<Config, 'publicUrl' | 'host'>): OwnPlace {
  let own: number | null = null;
  const below = publicUrl?.pathname.replace(/\/?$/, '/') ?? '/';
  const isHere = (name: string) => LOOPBACK.test(name) || name.replace(/^\[|\]$/g, '') === host;
  return {
    isOwn({ protocol, host: asked, hostname, port, pathname }) {
      if (asked === publicUrl?.host) return pathname.startsWith(below);
      return Number(port || (protocol === 'https:' ? 443 : 80)) === own && isHere(hostname);
    },
    listensAt(port) {
      own = port;
    },
  };
}

const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

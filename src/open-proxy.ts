import type { Config } from './config.ts';
import type { Relay } from './core/relay.ts';
import type { ProxyParts } from './http/deps.ts';
import { createFetchAhead } from './proxy/fetch-ahead.ts';
import { createLiveFanOut } from './proxy/live-fan-out.ts';
import { createPlaylistDesk } from './proxy/playlist-desk.ts';
import { withSharedBodies } from './proxy/shared-bodies.ts';
import { createTicketBox } from './proxy/ticket.ts';

/** Milliseconds that a segment is kept: viewers of one channel, and who steps back a little. */
const SEGMENT_AGE = 60_000;

/** Tell the address that they are asked from, in text or JSON; asked in turn. */
const ADDRESS_SERVICES = [
  'https://api.ipify.org?format=json',
  'https://ipinfo.io/json',
  'https://httpbin.org/ip',
];

export interface OpenProxy extends ProxyParts {
  close(): void;
}

export interface ProxyPlace {
  readonly config: Pick<
    Config,
    'apiPassword' | 'proxyBytes' | 'proxyAhead' | 'compatTokens' | 'addressServices'
  >;
  /** Loads what sends requests when it is needed. */
  readonly relay: () => Promise<Relay>;
  /** Key of all addresses that playlists lead to. */
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What passes requests on. Nothing is sent yet. */
export async function openProxy({ config, relay: load, secret, now }: ProxyPlace): Promise<OpenProxy> {
  const { apiPassword, proxyBytes, proxyAhead, compatTokens, addressServices } = config;
  const relay: Relay = {
    relay: async (request, asking, signal) => (await load()).relay(request, asking, signal),
  };
  const segments = withSharedBodies(relay, { maxBytes: proxyBytes, maxAge: SEGMENT_AGE });
  const live = createLiveFanOut(relay);
  return {
    relay,
    segments,
    playlists: createPlaylistDesk(relay),
    tickets: await createTicketBox(secret, now),
    ahead: createFetchAhead(segments, proxyAhead),
    live,
    hasCompatTokens: compatTokens && apiPassword !== null,
    addressServices: addressServices ?? ADDRESS_SERVICES,
    close() {
      segments.close();
      live.close();
    },
  };
}

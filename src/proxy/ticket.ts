import { LRUCache } from 'lru-cache';
import { MediaError } from '../core/errors.ts';
import { createSealer } from './sealer.ts';

/** What an address that a proxied playlist leads to stands for. */
export interface Ticket {
  readonly url: string;
  /** Sent upstream, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Set in answers with media. */
  readonly answers: Readonly<Record<string, string>>;
  /** Names of the upstream's headers that are not passed on. */
  readonly removed: readonly string[];
  /** Of the playlist that this address, or the one it was found in, leads to. */
  readonly playlist: PlaylistWish;
  /** Values that a playlist imports from the one it was found in: EXT-X-DEFINE. */
  readonly variables: Readonly<Record<string, string>>;
  /** The first request carried the server's key: private upstreams may be read from anywhere. */
  readonly isTrusted: boolean;
  /** Seconds since 1970 after which the address is dead; null: never. */
  readonly expires: number | null;
  /** Address of the only client that may use it; null: anybody. */
  readonly client: string | null;
}

/** Which of a playlist's addresses lead through this server, where not all of them do. */
export type Proxied = 'playlists' | 'keys' | 'nothing';

/** What becomes of a playlist's addresses, and of its contents. */
export interface PlaylistWish {
  /** `keys`: playlists, too. */
  readonly proxied?: Proxied;
  /** Seconds of its content that are left out. */
  readonly skip?: readonly (readonly [number, number])[];
  /** Where players begin: seconds, from the end where negative. */
  readonly startOffset?: number;
  /** Put in the place of the addresses of keys. */
  readonly keyUrl?: string;
}

/** Makes and reads the opaque part of addresses below `/proxy/`. */
export interface TicketBox {
  /** Same ticket, same text. */
  seal(ticket: Ticket): Promise<string>;
  /** @throws MediaError `unauthorized` for one that is not ours or is over */
  open(text: string): Promise<Ticket>;
}

/** Characters of addresses that are not sealed again: live playlists are asked for every few seconds, and change in one line. */
const MAX_KNOWN = 32 * 1024 * 1024;
/** Of a single one. */
const MAX_TICKET = 8192;

/**
 * @param secret any text; whoever has it can serve the same addresses
 * @param now milliseconds since 1970
 */
export async function createTicketBox(secret: string, now: () => number): Promise<TicketBox> {
  const sealer = await createSealer(secret, 'ticket');
  const known = new LRUCache<string, string>({
    maxSize: MAX_KNOWN,
    maxEntrySize: MAX_TICKET * 3,
    sizeCalculation: (sealed, text) => sealed.length + text.length,
  });
  return {
    async seal(ticket) {
      const text = serialize(ticket);
      const sealed = known.get(text) ?? (await sealer.seal(text));
      known.set(text, sealed);
      return sealed;
    },
    async open(text) {
      const plain = await sealer.open(text);
      if (plain === null)
        throw new MediaError(
          'unauthorized',
          'This address was not made by this server; open the playlist again',
        );
      const ticket = parse(plain);
      if (ticket.expires !== null && ticket.expires * 1000 < now())
        throw new MediaError('unauthorized', 'This address has expired; open the playlist again');
      return ticket;
    },
  };
}

/** Short names: every line of a playlist holds this. */
interface Wire {
  readonly u: string;
  readonly h?: Ticket['headers'];
  readonly r?: Ticket['answers'];
  readonly x?: readonly string[];
  readonly p?: PlaylistWish;
  readonly v?: Ticket['variables'];
  readonly k?: 1;
  readonly e?: number;
  readonly c?: string;
}

function serialize(ticket: Ticket): string {
  const { url, headers, answers, removed, playlist, variables, isTrusted, expires, client } = ticket;
  const wire: Wire = {
    u: url,
    ...(isEmpty(headers) ? {} : { h: headers }),
    ...(isEmpty(answers) ? {} : { r: answers }),
    ...(removed.length === 0 ? {} : { x: removed }),
    ...(isEmpty(playlist) ? {} : { p: playlist }),
    ...(isEmpty(variables) ? {} : { v: variables }),
    ...(isTrusted ? { k: 1 } : {}),
    ...(expires === null ? {} : { e: expires }),
    ...(client === null ? {} : { c: client }),
  };
  return JSON.stringify(wire);
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

function parse(text: string): Ticket {
  const wire = JSON.parse(text) as Wire;
  return {
    url: wire.u,
    headers: wire.h ?? {},
    answers: wire.r ?? {},
    removed: wire.x ?? [],
    playlist: wire.p ?? {},
    variables: wire.v ?? {},
    isTrusted: wire.k === 1,
    expires: wire.e ?? null,
    client: wire.c ?? null,
  };
}

import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { AppEnv, Logger, SendChunks } from '../deps.ts';
import { titleKey } from '../media-request.ts';
import type { AskedRoute } from './asked-route.ts';
import type { AskedRequest, Hooks, PlaybackEvent, SegmentEvent } from './hooks.ts';

/** Tells of one event; never throws, and nobody waits for it. */
export type Teller = (event: PlaybackEvent) => void;

/** A hook that fails does so at every event: the first failure is logged. */
export function createTeller(onPlayback: NonNullable<Hooks['onPlayback']>, log: Logger): Teller {
  let isLogged = false;
  const failed = (err: unknown) => {
    if (!isLogged) log.error({ err }, 'the hook onPlayback failed; what it throws later is not logged');
    isLogged = true;
  };
  return (event) => {
    Promise.resolve(event).then(onPlayback).catch(failed);
  };
}

/** What became of a body. */
interface Sent {
  readonly bytes: number;
  readonly isWhole: boolean;
  /** Why it broke off; absent where it did not, or the client left. */
  readonly error?: unknown;
}

export interface Played {
  readonly asked: AskedRequest;
  readonly route: AskedRoute;
  readonly who: string | null;
  readonly tell: Teller;
}

/** Runs the request, and tells what was played once its last byte is out. */
export async function tellPlayback(
  c: Context<AppEnv>,
  { asked, route, who, tell }: Played,
  next: () => Promise<void>,
): Promise<void> {
  const { kind, media, client } = asked;
  const facts = { media: media ?? '', client, who };
  const { deps } = c.var;
  const fail = (error: unknown) => {
    const code = error instanceof MediaError ? error.code : 'internal';
    if (!c.req.raw.signal.aborted) tell({ ...facts, type: 'failed', kind, code });
  };
  let isOpened = false;
  const open = () => {
    if (!isOpened && (kind === 'master' || kind === 'film')) tell({ ...facts, type: 'opened', kind });
    isOpened = true;
  };
  const over = (sent: Sent) => {
    if (sent.error !== undefined && !c.req.raw.signal.aborted) fail(sent.error);
    else if (kind === 'segment')
      segmentFacts(c, route).then(
        (segment) =>
          tell({ ...facts, type: 'segment', ...segment, bytes: sent.bytes, isWhole: sent.isWhole }),
        fail,
      );
  };
  let isSending = false;
  const sendChunks: SendChunks = (context, answer) => {
    isSending = true;
    return deps.sendChunks(context, {
      ...answer,
      chunks: counted(answer.chunks, { onFirst: open, onOver: over }),
    });
  };
  c.set('deps', { ...deps, sendChunks });
  await next();
  if (c.error) fail(c.error);
  else if (!isSending && c.res.status < 300) open();
}

/** Its place in the film, which is open since it was made from it. */
async function segmentFacts(
  c: Context<AppEnv>,
  { parts: { token = '', rendition = '', file = '' } }: AskedRoute,
): Promise<Pick<SegmentEvent, 'rendition' | 'n' | 'time' | 'duration'>> {
  const { tokens, library } = c.var.deps;
  const n = Number.parseInt(file, 10);
  const media = library.peek(titleKey(await tokens.open(token)));
  const durations = media?.live ? null : media?.renditions.find(({ name }) => name === rendition)?.durations;
  const seconds = (microseconds: number) => microseconds / 1e6;
  return {
    rendition,
    n,
    time: durations ? seconds(durations.slice(0, n).reduce((sum, one) => sum + one, 0)) : null,
    duration: durations ? seconds(durations[n] ?? 0) : null,
  };
}

interface Watch {
  readonly onFirst: () => void;
  readonly onOver: (sent: Sent) => void;
}

async function* counted(
  chunks: AsyncIterable<readonly Uint8Array[]>,
  { onFirst, onOver }: Watch,
): AsyncGenerator<readonly Uint8Array[]> {
  let bytes = 0;
  let sent: Sent = { bytes, isWhole: false };
  try {
    for await (const list of chunks) {
      onFirst();
      for (const { length } of list) bytes += length;
      yield list;
    }
    sent = { bytes, isWhole: true };
  } catch (error) {
    sent = { bytes, isWhole: false, error };
    throw error;
  } finally {
    onOver({ ...sent, bytes });
  }
}

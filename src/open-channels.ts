import { openChannelFile } from './channels/channel-file.ts';
import type { Config } from './config.ts';
import type { Relay } from './core/relay.ts';
import type { GuideShelf } from './guide/guide-shelf.ts';
import type { ChannelGuide, ChannelLister, Logger } from './http/deps.ts';
import { type Channel, parseChannelList, parseGuideUrls } from './proxy/channel-list.ts';

export interface OpenChannels {
  /** Null where there are none. */
  readonly channels: ChannelLister | null;
  readonly guide: ChannelGuide | null;
  close(): Promise<void>;
}

export interface ChannelPlace {
  readonly relay: Relay;
  readonly log: Logger;
}

/** Channels of the list that the settings name, and the guide of what is on. Nothing is read yet. */
export function openChannels(
  { channels: path, guides }: Pick<Config, 'channels' | 'guides'>,
  { relay, log }: ChannelPlace,
): OpenChannels {
  if (path === null) return { channels: null, guide: null, close: async () => undefined };
  const read = listReader(path);
  const channels: ChannelLister = { list: async () => (await read()).list };
  const places = async () => [...guides, ...(await read()).guides];
  return { channels, ...lateGuide(() => openShelf({ channels, places, relay, log })) };
}

/** Parsed anew where the file has changed. */
function listReader(path: string) {
  const file = openChannelFile(path);
  let known = { version: '', list: [] as readonly Channel[], guides: [] as readonly string[] };
  return async () => {
    const { text, version } = await file.read();
    if (known.version !== version)
      known = { version, list: parseChannelList(text), guides: parseGuideUrls(text) };
    return known;
  };
}

interface ShelfPlace extends ChannelPlace {
  readonly channels: ChannelLister;
  readonly places: () => Promise<readonly string[]>;
}

async function openShelf({ relay, ...place }: ShelfPlace): Promise<GuideShelf> {
  const [{ createGuideShelf }, { guideBytes }, { guideText }] = await Promise.all([
    import('./guide/guide-shelf.ts'),
    import('./guide/guide-bytes.ts'),
    import('./guide/guide-text.ts'),
  ]);
  return createGuideShelf({
    ...place,
    open: (name, signal) => guideText(guideBytes(name, relay, signal)),
  });
}

/** What reads guides is loaded when somebody asks for one. */
function lateGuide(open: () => Promise<GuideShelf>): Pick<OpenChannels, 'guide' | 'close'> {
  let shelf: Promise<GuideShelf> | undefined;
  return {
    guide: {
      async edition(signal) {
        shelf ??= open();
        return (await shelf).edition(signal);
      },
    },
    async close() {
      (await shelf)?.close();
    },
  };
}

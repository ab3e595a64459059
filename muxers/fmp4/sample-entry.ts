import type { AudioConfig, AudioTrack, CodecConfig, VideoConfig, VideoTrack } from '../../src/core/media.ts';
import { aacEntry, ac3Entry, alacEntry, eac3Entry, flacEntry, mp3Entry, opusEntry } from './audio-entry.ts';
import type { Part } from './box.ts';
import type { EntryOf } from './entry-parts.ts';
import { av1Entry, h264Entry, h265Entry, vp9Entry } from './visual-entry.ts';

interface EntryWriter<Track, Config> {
  write(entry: EntryOf<Track, Config>): Part;
}

type EntryTable<Track, Config extends CodecConfig> = {
  readonly [C in Config['codec']]: EntryWriter<Track, Extract<Config, { readonly codec: C }>>;
};

/** A new codec wants its row in one of these. */
const VIDEO_ENTRIES: EntryTable<VideoTrack, VideoConfig> = {
  h264: { write: h264Entry },
  h265: { write: h265Entry },
  vp9: { write: vp9Entry },
  av1: { write: av1Entry },
};
const AUDIO_ENTRIES: EntryTable<AudioTrack, AudioConfig> = {
  aac: { write: aacEntry },
  ac3: { write: ac3Entry },
  eac3: { write: eac3Entry },
  opus: { write: opusEntry },
  flac: { write: flacEntry },
  alac: { write: alacEntry },
  mp3: { write: mp3Entry },
};

export function videoEntry(entry: EntryOf<VideoTrack, VideoConfig>): Part {
  const writer: EntryWriter<VideoTrack, VideoConfig> = VIDEO_ENTRIES[entry.config.codec];
  return writer.write(entry);
}

export function audioEntry(entry: EntryOf<AudioTrack, AudioConfig>): Part {
  const writer: EntryWriter<AudioTrack, AudioConfig> = AUDIO_ENTRIES[entry.config.codec];
  return writer.write(entry);
}

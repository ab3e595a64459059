import { bytesOf } from '../helpers/hex.ts';
import {
  audioTrack,
  bytes,
  cluster,
  info,
  liveMatroska,
  simpleBlock,
  tracks,
  videoTrack,
} from '../helpers/matroska-writer.ts';
import { picture, RECORD } from './film.ts';

export interface EndlessOptions {
  /** Clusters of a second each; endless when absent. */
  readonly seconds?: number;
  /** Of each picture; there are 25 a second. */
  readonly pictureBytes?: number;
  /** Seconds from one key picture to the next. */
  readonly gop?: number;
  /** Milliseconds that the stamp of each second's cluster says. */
  readonly stampOf?: (second: number) => number;
  /** Second from which on there are no more pictures. */
  readonly picturesEnd?: number;
}

export const LIVE_HEAD: Uint8Array = liveMatroska(
  info(),
  tracks(
    videoTrack({
      number: 1,
      codec: 'V_MPEG4/ISO/AVC',
      private: RECORD,
      width: 1280,
      height: 720,
      defaultDuration: 40_000_000,
    }),
    audioTrack({ number: 2, codec: 'A_AAC', private: bytesOf('1190'), rate: 48_000, channels: 2 }),
  ),
);

/** Pictures and AAC in clusters of a second, made as they are taken. */
export function* endlessFilm(options: EndlessOptions = {}): Generator<Uint8Array> {
  yield LIVE_HEAD;
  for (let second = 0; second < (options.seconds ?? Number.POSITIVE_INFINITY); second++)
    yield secondOf(second, options);
}

const FRAME_MS = (1024 / 48_000) * 1000;

export function secondOf(second: number, options: EndlessOptions = {}): Uint8Array {
  const {
    pictureBytes = 200,
    gop = 1,
    stampOf = (n) => n * 1000,
    picturesEnd = Number.POSITIVE_INFINITY,
  } = options;
  const filler = new Uint8Array(pictureBytes).fill(0x55);
  const pictures = Array.from({ length: second < picturesEnd ? 25 : 0 }, (_, i) => {
    const isKey = i === 0 && second % gop === 0;
    return {
      track: 1,
      time: i * 40,
      isKey,
      data: padded(picture(isKey ? 'I' : 'P', second * 25 + i), filler),
    };
  });
  const first = Math.ceil((second * 1000) / FRAME_MS);
  const frames = Array.from({ length: Math.ceil(((second + 1) * 1000) / FRAME_MS) - first }, (_, i) => ({
    track: 2,
    time: Math.round((first + i) * FRAME_MS) - second * 1000,
    isKey: true,
    data: bytes(Uint8Array.of(0x21, 0x10), new Uint8Array(40).fill((first + i) & 255)),
  }));
  const blocks = [...pictures, ...frames].sort((a, b) => a.time - b.time);
  return cluster(
    stampOf(second),
    blocks.map(({ track, time, isKey, data }) => simpleBlock({ track, time, isKey }, data)),
  );
}

/** The picture with its NAL unit made longer. */
function padded(unit: Uint8Array, filler: Uint8Array): Uint8Array {
  const nal = bytes(unit.subarray(4), filler);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, nal.length);
  return bytes(length, nal);
}

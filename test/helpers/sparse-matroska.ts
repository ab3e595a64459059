import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import {
  audioTrack,
  bytes,
  cues,
  ebmlHead,
  elementId,
  hex,
  ID,
  info,
  seekHead,
  simpleBlock,
  tag,
  tags,
  tracks,
  uint,
  videoTrack,
  vint,
} from './matroska-writer.ts';

/** Of x264, 320x180, 24 fps, a plain colour: no B-pictures, CAVLC, frame_num modulo 16. */
const AVC_RECORD = hex(
  '0164000cffe100186764000cacb40a0cfcf808800000030080000018078a155001000668ce044b22c0fdf8f800',
);
const IDR_NAL = hex(
  '6588820fc4628000826c7000351c000bc9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75d75e0',
);
/** P-pictures that repeat the one before them, by frame_num. */
const SKIP_NALS = Array.from({ length: 16 }, (_, i) => hex(`41${(0x9a03 + 32 * i).toString(16)}c078c0`));
const AUDIO_CONFIG = hex('1190');
/** One AAC-LC frame of stereo silence. */
const SILENT_FRAME = hex('211004608c1c');

const FPS = 24;
const AUDIO_RATE = 48_000;
const AUDIO_FRAME = 1024;
/** By default one of so many pictures is padded: few enough to keep a long film small on disk. */
const PADDED_EVERY = 12;

export interface SparseOptions {
  readonly seconds: number;
  /** The same all the time, or by second. */
  readonly bytesPerSecond: number | ((second: number) => number);
  readonly gopSeconds: number;
  /** One of so many pictures is padded: 1 for a film whose bit rate is even. */
  readonly paddedEvery?: number;
  /** One by default; languages in the order of `LANGUAGES`. */
  readonly audioTracks?: number;
  /** Neither Cues nor Tags: as if recording had been broken off. */
  readonly isUnindexed?: boolean;
}

export interface SparseFile {
  readonly size: number;
  /** Offset of the first cluster in the file. */
  readonly firstCluster: number;
  /** Offset of the Cues in the file, or of its end. */
  readonly cues: number;
  readonly clusters: number;
}

const LANGUAGES = ['eng', 'fre', 'ger', 'spa', 'ita', 'jpn', 'kor', 'rus'] as const;

const audioBlock = (index: number): Uint8Array =>
  simpleBlock({ track: 2 + index, time: 0, isKey: true }, SILENT_FRAME);

/** A copy of a SimpleBlock of less than 127 bytes at another time. */
function blockAt(block: Uint8Array, time: number): Uint8Array {
  const copy = block.slice();
  new DataView(copy.buffer).setInt16(3, time);
  return copy;
}

/** Written bytes or, as a number, the length of a hole. */
type Piece = Uint8Array | number;

/**
 * Writes a film of any size in seconds: H.264 and AAC that decode, one cluster a GOP, Cues with relative positions
 * and Tags at the end. What fills the pictures up to their size is holes in the file, read as zeros (trailing
 * cabac_zero_words to a decoder).
 */
export function sparseMatroska(path: string, options: SparseOptions): SparseFile {
  const file = openSync(path, 'w');
  try {
    return write(file, options);
  } finally {
    closeSync(file);
  }
}

function write(file: number, options: SparseOptions): SparseFile {
  const { seconds, gopSeconds } = options;
  const clusters = Math.ceil(seconds / gopSeconds);
  const head = ebmlHead();
  const segmentStart = head.length + 12;
  const list = trackList(options.audioTracks ?? 1);
  const lead = bytes(info({ timestampScale: 1_000_000, duration: seconds * 1000 }), list);
  const named = options.isUnindexed ? SEEKS.slice(0, 2) : SEEKS;
  const seekHeadLength = seekHead(...named.map((id) => ({ id, position: 0 }))).length;
  let videoBytes = 0;
  let at = segmentStart + seekHeadLength + lead.length;
  const firstCluster = at;
  const points: { time: number; track: number; cluster: number; relative: number }[] = [];
  for (let n = 0; n < clusters; n++) {
    const made = clusterPieces(n * gopSeconds, Math.min(seconds, (n + 1) * gopSeconds), options);
    points.push({
      time: n * gopSeconds * 1000,
      track: 1,
      cluster: at - segmentStart,
      relative: made.firstBlock,
    });
    videoBytes += made.videoBytes;
    at = writePieces(file, at, made.pieces);
  }
  const cuesAt = at;
  const index = cues(...points);
  at = writePieces(file, at, options.isUnindexed ? [] : [index]);
  const tagsAt = at;
  at = writePieces(file, at, options.isUnindexed ? [] : [statistics(options, videoBytes)]);
  ftruncateSync(file, at);
  const positions = [firstCluster - lead.length, firstCluster - list.length, cuesAt, tagsAt].map(
    (position) => position - segmentStart,
  );
  const seeks = named.map((id, i) => ({ id, position: positions[i] ?? 0 }));
  writePieces(file, 0, [
    bytes(head, elementId(ID.Segment), vint(at - segmentStart, 8), seekHead(...seeks), lead),
  ]);
  return { size: at, firstCluster, cues: cuesAt, clusters };
}

const SEEKS = [ID.Info, ID.Tracks, ID.Cues, ID.Tags] as const;

const trackList = (audioTracks: number): Uint8Array =>
  tracks(
    videoTrack({
      number: 1,
      uid: 11,
      codec: 'V_MPEG4/ISO/AVC',
      private: AVC_RECORD,
      width: 320,
      height: 180,
      defaultDuration: 41_666_667,
    }),
    ...LANGUAGES.slice(0, audioTracks).map((language, index) =>
      audioTrack({
        number: 2 + index,
        uid: 12 + index,
        codec: 'A_AAC',
        private: AUDIO_CONFIG,
        rate: AUDIO_RATE,
        channels: 2,
        defaultDuration: 21_333_333,
        language,
      }),
    ),
  );

/** Size of picture n of a cluster, `second` seconds into the film. */
function paddingOf(
  { bytesPerSecond, paddedEvery = PADDED_EVERY }: SparseOptions,
  n: number,
  second: number,
): number {
  if (n % paddedEvery !== 0) return 0;
  const rate = typeof bytesPerSecond === 'number' ? bytesPerSecond : bytesPerSecond(second);
  return Math.round((rate * paddedEvery) / FPS);
}

function statistics({ seconds, audioTracks = 1 }: SparseOptions, videoBytes: number): Uint8Array {
  const frames = Math.ceil((seconds * AUDIO_RATE) / AUDIO_FRAME);
  const values = (count: number, size: number): Readonly<Record<string, string>> => ({
    BPS: String(Math.round((size * 8) / seconds)),
    DURATION: new Date(seconds * 1000).toISOString().slice(11, 23).padEnd(18, '0'),
    NUMBER_OF_FRAMES: String(count),
    NUMBER_OF_BYTES: String(size),
    _STATISTICS_TAGS: 'BPS DURATION NUMBER_OF_FRAMES NUMBER_OF_BYTES',
  });
  return tags(
    tag(11, values(Math.round(seconds * FPS), videoBytes)),
    ...LANGUAGES.slice(0, audioTracks).map((_, index) =>
      tag(12 + index, values(frames, frames * SILENT_FRAME.length)),
    ),
  );
}

interface ClusterPieces {
  readonly pieces: readonly Piece[];
  /** CueRelativePosition of the key picture. */
  readonly firstBlock: number;
  readonly videoBytes: number;
}

/** The blocks of one GOP, audio before the picture that is shown after it. */
function clusterPieces(from: number, to: number, options: SparseOptions): ClusterPieces {
  const audioBlocks = LANGUAGES.slice(0, options.audioTracks ?? 1).map((_, index) => audioBlock(index));
  const timestamp = uint(ID.Timestamp, from * 1000, 4);
  const audioEnd = Math.ceil((to * AUDIO_RATE) / AUDIO_FRAME);
  const relative = (time: number) => Math.round(time * 1000) - from * 1000;
  const pieces: Piece[] = [timestamp];
  let audio = Math.ceil((from * AUDIO_RATE) / AUDIO_FRAME);
  const audioUntil = (time: number) => {
    for (; audio < audioEnd && (audio * AUDIO_FRAME) / AUDIO_RATE < time; audio++)
      for (const block of audioBlocks)
        pieces.push(blockAt(block, relative((audio * AUDIO_FRAME) / AUDIO_RATE)));
  };
  const pictures = Math.round((to - from) * FPS);
  let videoBytes = 0;
  for (let n = 0; n < pictures; n++) {
    const time = from + n / FPS;
    if (n > 0) audioUntil(time);
    const shown = picture(n, relative(time), paddingOf(options, n, time));
    videoBytes += shown.payload;
    pieces.push(...shown.pieces);
  }
  audioUntil(to);
  const size = pieces.reduce<number>((sum, piece) => sum + lengthOf(piece), 0);
  return {
    pieces: [bytes(elementId(ID.Cluster), vint(size, 8)), ...pieces],
    firstBlock: timestamp.length,
    videoBytes,
  };
}

/** A SimpleBlock whose payload is one NAL unit, filled up to `size` bytes with a hole. */
function picture(n: number, time: number, size: number): { pieces: Piece[]; payload: number } {
  const nal = (n === 0 ? null : SKIP_NALS[n % 16]) ?? IDR_NAL;
  const payload = Math.max(size, nal.length + 4);
  const header = bytes(elementId(ID.SimpleBlock), vint(payload + 4));
  const written = Buffer.alloc(header.length + 8 + nal.length);
  written.set(header);
  written.writeUInt8(0x81, header.length);
  written.writeInt16BE(time, header.length + 1);
  written.writeUInt8(n === 0 ? 0x80 : 0, header.length + 3);
  written.writeUInt32BE(payload - 4, header.length + 4);
  written.set(nal, header.length + 8);
  return { pieces: [written, payload - 4 - nal.length], payload };
}

const lengthOf = (piece: Piece): number => (typeof piece === 'number' ? piece : piece.length);

/** Writes runs of bytes at once and leaves holes out; returns where the pieces end. */
function writePieces(file: number, start: number, pieces: readonly Piece[]): number {
  let at = start;
  let run: Uint8Array[] = [];
  const flush = () => {
    const joined = Buffer.concat(run);
    if (joined.length > 0) writeSync(file, joined, 0, joined.length, at - joined.length);
    run = [];
  };
  for (const piece of pieces) {
    if (typeof piece === 'number') {
      if (piece > 0) flush();
      at += piece;
    } else {
      run.push(piece);
      at += piece.length;
    }
  }
  flush();
  return at;
}

import { crc32 } from 'node:zlib';
import { buildAvcRecord } from '../../src/codecs/h264.ts';
import { bytesOf } from '../helpers/hex.ts';
import {
  audioTrack,
  blockGroup,
  bytes,
  type Content,
  type Cue,
  cluster,
  cues,
  ID,
  info,
  labelled,
  matroska,
  type Positions,
  simpleBlock,
  tracks,
  uint,
  videoTrack,
} from '../helpers/matroska-writer.ts';

/** Films made of synthetic packets: as odd as a test wants them, a few kilobytes each. */

export interface Packet {
  readonly track: number;
  /** Milliseconds. */
  readonly time: number;
  readonly isKey: boolean;
  readonly data: Uint8Array;
  /** Milliseconds at which the muxer wrote it. */
  readonly written: number;
  /** Milliseconds that its block says. */
  readonly lasts?: number;
}

export const VIDEO = 1;
export const AUDIO = 2;
export const RECORD = buildAvcRecord({
  sps: [bytesOf('6764001facd9405005bb011000000300100000030320f1831960')],
  pps: [bytesOf('68ebe3cb22c0')],
});
export const PICTURE_MS = 40;

/** IDR, I picture with a recovery point, P picture, and what is no picture at all. */
export type Kind = 'I' | 'r' | 'P' | 'x';

const NALS: Readonly<Record<Kind, readonly string[]>> = {
  I: ['6588'],
  r: ['060601c480', '4188'],
  P: ['419a'],
  x: ['0605010080'],
};

/** Seven bits a byte, so that no start code can arise. */
export const number = (value: number): Uint8Array =>
  Uint8Array.of(0x80 | (value >> 14), 0x80 | ((value >> 7) & 127), 0x80 | (value & 127), 0x80);

/** An access unit whose last NAL unit tells its number; lengths of `lengthSize` bytes, or start codes for 0. */
export function picture(kind: Kind, index: number, lengthSize = 4): Uint8Array {
  const nals = NALS[kind].map(bytesOf);
  const all = nals.map((nal, i) => (i === nals.length - 1 ? bytes(nal, number(index)) : nal));
  const prefix = (nal: Uint8Array) =>
    lengthSize === 0
      ? Uint8Array.of(0, 0, 0, 1)
      : new Uint8Array(lengthSize).fill(nal.length, lengthSize - 1);
  return bytes(all.map((nal) => [prefix(nal), nal]));
}

export interface VideoPlan {
  /** Of each picture in decode order: `I P P …`, repeated until `count`. */
  readonly pattern: string;
  readonly count: number;
  /** Display order of a group of pictures as offsets to decode order: `[0, 2, -1, -1]`, repeated. */
  readonly order?: readonly number[];
  readonly startMs?: number;
  readonly lengthSize?: number;
  readonly timeOf?: (index: number) => number;
}

export const video = (plan: VideoPlan): Packet[] =>
  Array.from({ length: plan.count }, (_, i) => {
    const kind = plan.pattern[i % plan.pattern.length] as Kind;
    const offset = plan.order?.[i % plan.order.length] ?? 0;
    const start = plan.startMs ?? 0;
    return {
      track: VIDEO,
      time: plan.timeOf?.(i) ?? start + (i + offset) * PICTURE_MS,
      isKey: kind === 'I' || kind === 'r',
      data: picture(kind, i, plan.lengthSize),
      written: start + i * PICTURE_MS,
    };
  });

export interface AudioPlan {
  readonly fromMs?: number;
  readonly toMs: number;
  /** Milliseconds that the packets are muxed later than their time (earlier when negative). */
  readonly lag?: number;
  readonly track?: number;
}

const FRAME_MS = (1024 / 48_000) * 1000;

export function audio({ fromMs = 0, toMs, lag = 0, track = AUDIO }: AudioPlan): Packet[] {
  const list: Packet[] = [];
  for (let k = 0; fromMs + k * FRAME_MS < toMs; k++) {
    const time = Math.round(fromMs + k * FRAME_MS);
    const data = bytes(Uint8Array.of(0x21, track), number(k), new Uint8Array(20).fill(k & 255));
    list.push({ track, time, isKey: true, data, written: time + lag });
  }
  return list;
}

export interface FilmOptions {
  /** Cues from the true ones; null for none. */
  readonly cues?: ((points: readonly Cue[]) => readonly Cue[]) | null;
  readonly durationMs?: number;
  readonly record?: Uint8Array;
  /** Nanoseconds; null leaves it out. */
  readonly defaultDuration?: number | null;
  /** Further tracks. */
  readonly extra?: Content;
  /** Milliseconds after which a cluster ends. */
  readonly clusterMs?: number;
  /** Clusters begin at key pictures. */
  readonly clusterAtKeys?: boolean;
}

/** A Matroska file of these packets in the order in which they were written. */
export function film(packets: readonly Packet[], options: FilmOptions = {}): Uint8Array {
  const ordered = [...packets].sort((a, b) => a.written - b.written);
  const groups = clustersOf(ordered, options);
  const truth = (at: Positions): Cue[] =>
    groups.flatMap((group, i) =>
      group.flatMap((packet) =>
        (packet.track === VIDEO && packet.isKey) || packets.every((p) => p.track !== VIDEO)
          ? [{ time: Math.max(0, packet.time), track: packet.track, cluster: at(`c${i}`) }]
          : [],
      ),
    );
  const end = Math.max(...packets.map(({ time }) => time)) + PICTURE_MS;
  const has = (track: number) => packets.some((packet) => packet.track === track);
  const change = options.cues === undefined ? (points: readonly Cue[]) => points : options.cues;
  const rate = options.defaultDuration === undefined ? PICTURE_MS * 1_000_000 : options.defaultDuration;
  return matroska(
    info({ duration: options.durationMs ?? end }),
    tracks(
      has(VIDEO)
        ? videoTrack({
            number: VIDEO,
            codec: 'V_MPEG4/ISO/AVC',
            private: options.record ?? RECORD,
            width: 1280,
            height: 720,
            ...(rate === null ? {} : { defaultDuration: rate }),
          })
        : [],
      [AUDIO, AUDIO + 1]
        .filter(has)
        .map((track) =>
          audioTrack({ number: track, codec: 'A_AAC', private: bytesOf('1190'), rate: 48_000, channels: 2 }),
        ),
      options.extra ?? [],
    ),
    change ? labelled('cues', (at) => cues(...change(truth(at)))) : [],
    ...groups.map((group, i) => labelled(`c${i}`, clusterOf(group))),
  );
}

function clustersOf(
  packets: readonly Packet[],
  { clusterMs = 5000, clusterAtKeys = true }: FilmOptions,
): Packet[][] {
  const groups: Packet[][] = [];
  for (const packet of packets) {
    const group = groups.at(-1);
    const begin = group?.[0]?.written ?? 0;
    const isNew = !group || (clusterAtKeys && packet.track === VIDEO && packet.isKey);
    if (isNew || packet.written - begin > clusterMs) groups.push([packet]);
    else group.push(packet);
  }
  return groups;
}

function clusterOf(group: readonly Packet[]): Uint8Array {
  const base = Math.max(0, Math.min(...group.map(({ time }) => time)));
  return cluster(
    base,
    group.map(({ track, time, isKey, data, lasts }) =>
      lasts === undefined
        ? simpleBlock({ track, time: time - base, isKey }, data)
        : blockGroup({ track, time: time - base, duration: lasts }, data),
    ),
  );
}

export const enabled = (value: boolean): Content => uint(ID.FlagEnabled, value ? 1 : 0);

export const sumOf = (data: Uint8Array): string => (crc32(data) >>> 0).toString(16).padStart(8, '0');

import { readRange } from '../../src/core/bytes.ts';
import type { Demuxer, Source } from '../../src/core/contracts.ts';
import { corrupt, MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { findFraming, findPacket, type PacketFraming } from './framing.ts';
import type { StreamReading } from './pes-stream.ts';
import { chooseProgram, followTables, ProgramTables, readTables, streamsOf } from './program.ts';
import { TransportReader } from './reader.ts';
import { type Opened, readSamples } from './samples.ts';
import { isScannedWhole, type Scanned, scanPlaces, scanWhole } from './scan.ts';
import { describe, describing, isDescribed, tracksOf } from './tracks.ts';

export interface TransportOptions {
  /** Frames as the stream has them: Annex B, ADTS, LATM; nothing joined. For comparing with other readers. */
  readonly asStored?: boolean;
  readonly access?: 'anywhere' | 'in order';
  /** Number of the program; the first with pictures when absent. */
  readonly program?: number;
}

/** Muxers derive stamps from clocks of milliseconds as often as not. */
const PRECISION = nanoseconds(1_000_000);

/**
 * Opens an MPEG transport stream: its tables, then as much as it takes to know every stream's configuration, then what
 * its stamps mean: of small files by reading them, of others by their beginning (ISO/IEC 13818-1).
 * @throws MediaError `corrupt`, `unsupported` (no size, no program map), `bad-request` for an unknown program
 */
export async function openTransportStream(
  source: Source,
  signal: AbortSignal,
  options: TransportOptions = {},
): Promise<Demuxer> {
  const head = await readRange(source, { start: 0, end: LIMITS.head }, signal);
  const framing = findFraming(head);
  if (!framing) throw corrupt('No packets of a transport stream', 0);
  const end = source.size;
  if (end === null)
    throw new MediaError(
      'unsupported',
      'The upstream does not say how long the file is; it cannot be sought in',
      { inOrderOnly: true },
    );
  const pmt = chooseProgram(await tablesOf(source, { head, framing, end }, signal), options.program ?? null);
  const streams = streamsOf(pmt);
  const descriptions = streams.map(describe);
  const opened = { source, framing, streams, program: pmt.program, descriptions, end };
  await learn(opened, signal);
  const scanned = options.access === 'in order' ? null : await scan(opened, head, signal);
  return {
    container: 'mpegts',
    tracks: tracksOf(descriptions),
    duration: null,
    precision: PRECISION,
    statistics: new Map(),
    payload: { start: framing.start, end },
    seekPoints: () => null,
    samples: (query, signal) =>
      readSamples(opened, query, { signal, scanned, isAsStored: options.asStored ?? false }),
    crossesSeams: true,
    resync: (bytes, from) => findPacket(bytes, from, framing),
  };
}

interface Head {
  readonly head: Uint8Array;
  readonly framing: PacketFraming;
  readonly end: number;
}

/** The program tables: of the head, and where it has not all of them of what follows. */
async function tablesOf(
  source: Source,
  { head, framing, end }: Head,
  signal: AbortSignal,
): Promise<ProgramTables> {
  const tables = new ProgramTables();
  readTables(tables, head, framing);
  const limit = Math.min(end, head.length + LIMITS.firstFrames);
  if (tables.isComplete || tables.pmts.size > 0 || head.length >= limit) return tables;
  const more = await readRange(source, { start: framing.start, end: limit }, signal);
  readTables(tables, more, { ...framing, start: 0 });
  return tables;
}

/** Reads on until every stream has told its configuration. */
async function learn({ source, framing, descriptions, end }: Opened, signal: AbortSignal): Promise<void> {
  const streams = descriptions.flatMap((description): StreamReading[] => {
    const elementary = describing(description);
    const { pid } = description.stream;
    return elementary ? [{ trackId: pid, pid, elementary, joiner: null }] : [];
  });
  const reader = new TransportReader(framing.start, { framing, streams, ticksOf: (_, stamp) => stamp });
  const limit = Math.min(end, LIMITS.head + LIMITS.firstFrames);
  const isOver = () => descriptions.every(isDescribed);
  for (const range of [
    { start: framing.start, end: Math.min(limit, LIMITS.head) },
    { start: Math.min(limit, LIMITS.head), end: limit },
  ])
    for await (const chunk of source.read(range, signal)) {
      reader.push(chunk);
      if (isOver()) return;
    }
  reader.flush();
  for (const description of descriptions)
    if (!isDescribed(description) && reader.scrambled.has(description.stream.pid))
      description.isScrambled = true;
}

function scan(opened: Opened, head: Uint8Array, signal: AbortSignal): Promise<Scanned> {
  const { source, framing, streams, program, end } = opened;
  const pids = streams.filter(({ kind }) => kind === 'video' || kind === 'audio').map(({ pid }) => pid);
  const place = { source, framing, pids, tables: () => followTables(program, streams), signal };
  return isScannedWhole(end) ? scanWhole(place, { start: framing.start, end }) : scanPlaces(place, head, end);
}

import type { Sample } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import type { VideoConfig } from '../core/media.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds } from '../core/time.ts';
import {
  type Bisection,
  findEntry,
  firstPackets,
  type Knot,
  LOOK_BYTES,
  LOOK_REACH,
  type Looking,
  type Packets,
} from './look.ts';
import { beginningOf, pictureKind } from './pictures.ts';
import {
  type KeptTracks,
  keptIds,
  type Sampling,
  type Survey,
  Surveyor,
  type TrackSurvey,
} from './survey.ts';
import { mergeTracks, surveyHead } from './survey-sampled.ts';

/** Looks spread over the file. */
const LOOKS = 8;
/** What a look of the survey reads in all while it has not met two places to begin at: 3 MB for all of them. */
const SURVEY_BYTES = 384 * 1024;
/** Looks that read on where the structure is so coarse that most met nothing. */
const PATIENT_LOOKS = 3;
/** Bytes before the end in which the last packets are looked for, the second and third only when needed. */
const TAILS = [256 * 1024, 3 * 1024 * 1024, 10 * 1024 * 1024] as const;

const SECOND = NANOSECONDS_PER_SECOND;
const TARGET = 6;
/** The longest GOP where none or unequal ones were met: 250 pictures, the usual maximum of encoders, at 24 a second. */
const LONGEST_USUAL_GOP = 10.5 * SECOND;
/** Distances of key pictures that differ less are equal. */
const SAME_GOP = 0.05 * SECOND;
/** Looks whose GOPs must be equal to believe that all are. */
const REGULAR_LOOKS = 3;
/** Looks that begin anywhere meet on average half the distance of two places, and the longest of some of them less than all of it. */
const UNSEEN_DISTANCE = 1.5;
/** Times of packets that lie beside each other may run backwards this far. */
const TIME_SLACK = SECOND;

/** What one place of the file showed. */
interface Look extends Packets {
  /** Where the look began. */
  readonly from: number;
  /** Where parsing could begin, or null. */
  readonly entry: number | null;
}

/**
 * Facts from the file's head, its end and eight places between them, where there is no index: do times grow with the
 * bytes, and how far are the places apart where decoding can begin?
 * @throws MediaError `unsupported` when no place can be found by its time
 */
export async function surveyBisected(sampling: Sampling): Promise<Survey> {
  const { kept } = sampling;
  const [head, tail, looks] = await Promise.all([
    surveyHead(sampling),
    readTail(sampling),
    lookAround(sampling),
  ]);
  const begin = await readBeginning(sampling, head);
  const surveyors = replayed(kept, [begin, ...looks, tail], head.videoConfig);
  const all = [head, ...surveyors];
  const results = all.map((surveyor) => surveyor.result());
  const gops = measureGops(all.slice(0, -1));
  return {
    kind: 'bisected',
    tracks: mergeTracks(keptIds(kept), results),
    points: all.flatMap(({ points }) => points).sort((a, b) => a.position - b.position || a.time - b.time),
    videoConfig: surveyors.at(-1)?.videoConfig ?? head.videoConfig,
    reorder: Math.max(...all.map(({ reorder }) => reorder)),
    skew: nanoseconds(Math.max(...all.map(({ skew }) => skew))),
    hasEnd: tail.samples.length > 0,
    skipped: head.skipped,
    remarks: kept.video ? ['no index: segments begin at the first key picture after each planned time'] : [],
    bisection: {
      knots: knotsOf(sampling.demuxer.payload.start, results[0], [...looks, tail]),
      ...planSpacing(kept, gops),
      takesAny: gops.takesAny,
      isRegular: gops.isRegular,
      entryBytes: Math.round(UNSEEN_DISTANCE * Math.max(0, ...looks.map(entryDistance))),
    },
  };
}

/** Packets of the places between head and tail; where clusters are so long that most looks met none, three read on. */
async function lookAround(sampling: Sampling): Promise<Look[]> {
  const { start, end } = sampling.demuxer.payload;
  const places = Array.from({ length: LOOKS }, (_, i) =>
    Math.round(start + ((end - start) * (i + 1)) / (LOOKS + 1)),
  );
  const looks = await Promise.all(places.map((from) => surveyLook(sampling, from, LOOK_BYTES)));
  const met = looks.filter(({ entry }) => entry !== null);
  if (met.length > LOOKS / 2) return met;
  const patient = places.filter((_, i) => i % (LOOKS / PATIENT_LOOKS) < 1 && looks[i]?.entry === null);
  const later = await Promise.all(patient.map((from) => surveyLook(sampling, from, LOOK_REACH)));
  return [...met, ...later.filter(({ entry }) => entry !== null)].sort((a, b) => a.from - b.from);
}

async function surveyLook(sampling: Sampling, from: number, reach: number): Promise<Look> {
  const { demuxer, kept, signal } = sampling;
  const looking: Looking = { ...sampling, tracks: keptIds(kept) };
  // One request for the place and what lies behind it.
  const end = Math.min(from + Math.max(reach, SURVEY_BYTES), demuxer.payload.end);
  const entry = await findEntry(looking, { from, end, behind: SURVEY_BYTES }, signal);
  if (entry === null) return { from, entry, samples: [], cut: null };
  const limit = (reach > LOOK_BYTES ? entry : from) + SURVEY_BYTES;
  const wanted = { position: entry, isEnough: afterTwoBeginnings(kept), first: SURVEY_BYTES, end: limit };
  return { from, entry, ...(await firstPackets(looking, wanted, signal)) };
}

/** True with the second picture at which every player can begin. */
function afterTwoBeginnings({ video }: KeptTracks): (sample: Sample) => boolean {
  let met = 0;
  return (sample) => {
    if (video && sample.trackId === video.id && beginningOf(pictureKind(video, sample)).isSync) met++;
    return met >= 2;
  };
}

/** Reads on behind the head where it holds no picture to begin with. */
async function readBeginning(sampling: Sampling, head: Surveyor): Promise<Look> {
  const { demuxer, kept, signal } = sampling;
  const { video } = kept;
  const from = demuxer.payload.start;
  if (!video || head.points.length > 0) return { from, entry: from, samples: [], cut: null };
  const looking: Looking = { ...sampling, tracks: new Set([video.id]) };
  const isEnough = (sample: Sample) => beginningOf(pictureKind(video, sample)).canBegin;
  const wanted = { position: from, isEnough, first: LOOK_REACH, end: from + LOOK_REACH };
  return { from, entry: from, ...(await firstPackets(looking, wanted, signal)) };
}

/** The packets from the last places on where parsing can begin, as many as it takes to meet a picture. */
async function readTail(sampling: Sampling): Promise<Look> {
  const { demuxer, kept, signal } = sampling;
  const { start, end } = demuxer.payload;
  const looking: Looking = { ...sampling, tracks: keptIds(kept) };
  let look: Look = { from: end, entry: null, samples: [], cut: null };
  for (const back of TAILS) {
    const from = Math.max(start, end - back);
    const entry = await findEntry(looking, { from, end, behind: back }, signal);
    if (entry !== null) {
      const wanted = { position: entry, first: end - entry, end };
      look = { from, entry, ...(await firstPackets(looking, wanted, signal)) };
    }
    const main = kept.video?.id ?? look.samples[0]?.trackId;
    if (from === start || look.samples.some(({ trackId }) => trackId === main)) break;
  }
  return look;
}

/** Each look's facts; parameter sets that one of them adds are known to those behind it. */
function replayed(kept: KeptTracks, looks: readonly Look[], config: VideoConfig | null): Surveyor[] {
  let configs = config ? [config] : [];
  return looks.map(({ samples, cut }) => {
    const surveyor = new Surveyor({ ...kept, video: kept.video && { ...kept.video, configs } });
    for (const sample of samples) surveyor.add(sample);
    if (cut) surveyor.see(cut);
    if (surveyor.videoConfig) configs = [surveyor.videoConfig];
    return surveyor;
  });
}

/**
 * Where which time lies.
 * @throws MediaError `unsupported` when times do not grow with the bytes, or nothing was found between head and end
 */
function knotsOf(
  start: number,
  head: ReadonlyMap<number, TrackSurvey> | undefined,
  looks: readonly Look[],
): Knot[] {
  const firsts = [...(head?.values() ?? [])].flatMap(({ first }) => first ?? []);
  const knots: Knot[] = [{ position: start, time: Math.min(...firsts) }];
  for (const { samples, cut } of looks) {
    const sample = samples[0] ?? cut;
    const last = knots.at(-1);
    if (!sample || !last || sample.entry <= last.position) continue;
    if (sample.time < last.time - TIME_SLACK)
      throw inOrderOnly(
        'The file has no index and its times do not grow with its bytes: it can only be served in order',
      );
    if (sample.time > last.time) knots.push({ position: sample.entry, time: sample.time });
  }
  if (knots.length < 2)
    throw inOrderOnly(
      'The file has no index and nothing in it can be found by time: it can only be served in order',
    );
  return knots;
}

const inOrderOnly = (message: string): MediaError =>
  new MediaError('unsupported', message, { inOrderOnly: true });

interface Gops {
  readonly longest: number;
  readonly isRegular: boolean;
  readonly takesAny: boolean;
}

/** Distances of the places to begin at, look by look. */
function measureGops(looks: readonly Surveyor[]): Gops {
  const [, ...inner] = looks.filter(({ points }) => points.length > 0);
  const takesAny = inner.some(({ points }) => !points.some(({ isSync }) => isSync));
  const distances = looks.map(({ points }) => {
    const times = points.filter(({ isSync }) => isSync || takesAny).map(({ time }) => time);
    return times.slice(1).map((time, i) => time - (times[i] ?? time));
  });
  const all = distances.flat().filter((distance) => distance > 0);
  const longest = Math.max(0, ...all);
  const seen = distances.filter(({ length }) => length > 0).length;
  return {
    longest,
    isRegular: seen >= REGULAR_LOOKS && longest - Math.min(...all) <= SAME_GOP,
    takesAny,
  };
}

/** At least twice the longest GOP, in whole seconds. */
function planSpacing(
  { video }: KeptTracks,
  { longest, isRegular }: Gops,
): Pick<Bisection, 'spacing' | 'delay'> {
  if (!video) return { spacing: nanoseconds(TARGET * SECOND), delay: nanoseconds(0) };
  const delay = isRegular ? longest : Math.max(longest, LONGEST_USUAL_GOP);
  const least = Math.max(TARGET * SECOND, 2 * longest, delay);
  return {
    spacing: nanoseconds(Math.ceil(least / SECOND - 0.01) * SECOND),
    delay: nanoseconds(Math.round(delay)),
  };
}

/** From where the look began to what it found, and between places that it met one after the other. */
function entryDistance({ from, samples, cut }: Look): number {
  const entries = [...new Set([...samples, ...(cut ? [cut] : [])].map(({ entry }) => entry))];
  return Math.max(0, ...entries.map((entry, i) => entry - (entries[i - 1] ?? from)));
}

import type { Sample } from '../../src/core/contracts.ts';
import { readSamples } from './samples.ts';
import type { TextPoint, TextReading } from './text-point.ts';

/** Bytes that are read of one cluster, and of all of them together: 5 s at 6 Mbit/s, and four such clusters. */
const SEARCHED = { one: 4 * 1024 * 1024, all: 16 * 1024 * 1024 } as const;
/** Bytes behind the place that a cue names in which its text mostly is. */
const AROUND = 64 * 1024;

/**
 * Looks for texts by their times in the clusters that cues name, each of which is read once.
 * @param points in order of their places
 * @param taken positions of texts that are found
 */
export async function searchClusters(
  points: readonly TextPoint[],
  taken: ReadonlySet<number>,
  reading: TextReading,
): Promise<ReadonlyMap<TextPoint, Sample>> {
  const found = new Map<TextPoint, Sample>();
  let left: number = SEARCHED.all;
  for (const [cluster, lost] of byCluster(points)) {
    if (left <= 0) break;
    const search = new LostTexts(lost, taken);
    left -= await readCluster({ cluster, search, most: Math.min(left, SEARCHED.one) }, reading);
    for (const [point, sample] of search.result()) found.set(point, sample);
  }
  return found;
}

function byCluster(points: readonly TextPoint[]): Map<number, TextPoint[]> {
  const clusters = new Map<number, TextPoint[]>();
  for (const point of points) {
    const list = clusters.get(point.cluster);
    if (list) list.push(point);
    else clusters.set(point.cluster, [point]);
  }
  return clusters;
}

interface ClusterSearch {
  readonly cluster: number;
  readonly search: LostTexts;
  readonly most: number;
}

/** @returns the bytes up to where the search ended, however they arrived */
async function readCluster({ cluster, search, most }: ClusterSearch, reading: TextReading): Promise<number> {
  const { source, context, end: fileEnd } = reading;
  const end = Math.min(fileEnd, cluster + most);
  const soft = Math.min(end, cluster + search.reach + AROUND);
  const query = { start: cluster, soft, end, tracks: new Set(context.tracks.keys()) };
  let entry: number | null = null;
  for await (const { samples } of readSamples(source, query, { ...reading, end: fileEnd }))
    for (const sample of samples) {
      entry ??= sample.entry;
      const isBehind = sample.entry !== entry;
      if (!isBehind) search.add(sample);
      if (isBehind || search.isDone) return sample.position - cluster;
    }
  return end - cluster;
}

/** Points of one cluster whose texts were not where they say. */
class LostTexts {
  /** The farthest place that they name: bytes from the cluster. */
  readonly reach: number;
  readonly #points: readonly TextPoint[];
  readonly #taken: ReadonlySet<number>;
  /** By time and duration, the last one first. */
  readonly #open = new Map<string, TextPoint[]>();
  readonly #found = new Map<TextPoint, Sample>();
  /** Texts of other durations by time. */
  readonly #others = new Map<number, Sample[]>();

  /** @param points in order of their places */
  constructor(points: readonly TextPoint[], taken: ReadonlySet<number>) {
    this.#points = points;
    this.#taken = taken;
    this.reach = points.at(-1)?.relative ?? 0;
    for (const point of points.toReversed()) {
      const { time, end } = point;
      const key = `${time}/${end - time}`;
      const same = this.#open.get(key);
      if (same) same.push(point);
      else this.#open.set(key, [point]);
      this.#others.set(time, []);
    }
  }

  get isDone(): boolean {
    return this.#found.size === this.#points.length;
  }

  add(sample: Sample): void {
    if (this.#taken.has(sample.position)) return;
    const point = this.#open.get(`${sample.time}/${sample.duration}`)?.pop();
    if (point) this.#found.set(point, sample);
    else this.#others.get(sample.time)?.push(sample);
  }

  /** What is left then goes by its time alone. */
  result(): ReadonlyMap<TextPoint, Sample> {
    for (const point of this.#points) {
      const sample = this.#found.has(point) ? null : this.#others.get(point.time)?.shift();
      if (sample) this.#found.set(point, sample);
    }
    return this.#found;
  }
}

import { type Eac3Frame, parseEac3Frame } from '../../codecs/eac3.ts';
import { orNull } from '../../core/errors.ts';
import type { MixLevels, Speaker } from '../pcm.ts';
import { readMixLevels } from './ac3-mix.ts';

/** What a decoder takes at a time: a frame of the first programme, with those that depend on it. */
export interface Ac3Unit {
  readonly data: Uint8Array;
  /** Where the decoded channels belong: with the dependent frames, then without them. */
  readonly layouts: readonly Ac3Layout[];
  readonly mix: MixLevels | undefined;
}

export interface Ac3Layout {
  readonly speakers: readonly Speaker[];
  /** Decoded channels, of which those without a name (heights, wides) are the last. */
  readonly channels: number;
}

const DEPENDENT = 1;
/** By acmod, as FFmpeg names Table 4.3; two mono programmes are left and right. */
const LAYOUTS: readonly (readonly Speaker[])[] = [
  ['FL', 'FR'],
  ['FC'],
  ['FL', 'FR'],
  ['FL', 'FR', 'FC'],
  ['FL', 'FR', 'BC'],
  ['FL', 'FR', 'FC', 'BC'],
  ['FL', 'FR', 'SL', 'SR'],
  ['FL', 'FR', 'FC', 'SL', 'SR'],
];
/** Order of FFmpeg's masks. */
const ORDER: readonly Speaker[] = ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'FLC', 'FRC', 'BC', 'SL', 'SR'];
/** By place in the channel map, from its highest bit: Table E.1.4. Speakers, or channels without a name here. */
const LOCATIONS: readonly { readonly speakers: readonly Speaker[]; readonly others: number }[] = [
  { speakers: ['FL'], others: 0 },
  { speakers: ['FC'], others: 0 },
  { speakers: ['FR'], others: 0 },
  { speakers: ['SL'], others: 0 },
  { speakers: ['SR'], others: 0 },
  { speakers: ['FLC', 'FRC'], others: 0 },
  { speakers: ['BL', 'BR'], others: 0 },
  { speakers: ['BC'], others: 0 },
  { speakers: [], others: 1 },
  { speakers: [], others: 2 },
  { speakers: [], others: 2 },
  { speakers: [], others: 2 },
  { speakers: [], others: 1 },
  { speakers: [], others: 2 },
  { speakers: [], others: 1 },
  { speakers: ['LFE'], others: 0 },
];

/**
 * The units of a packet, up to what is no whole frame. Further programmes are left out.
 * E-AC-3 with less than six blocks a frame has several in a packet.
 */
export function readAc3Units(packet: Uint8Array): Ac3Unit[] {
  const units: Located[][] = [];
  for (let at = 0; at < packet.length; ) {
    const frame = orNull(() => parseEac3Frame(packet.subarray(at)));
    const end = at + (frame?.frameBytes ?? 0);
    if (!frame || frame.frameBytes === 0 || end > packet.length) break;
    const located = { frame, at, end };
    if (frame.type !== DEPENDENT) units.push([located]);
    else units.at(-1)?.push(located);
    at = end;
  }
  return units.filter(([first]) => first?.frame.substream === 0).map((frames) => unitOf(packet, frames));
}

interface Located {
  readonly frame: Eac3Frame;
  readonly at: number;
  readonly end: number;
}

function unitOf(packet: Uint8Array, located: readonly Located[]): Ac3Unit {
  const [main, ...dependents] = located;
  const map = dependents.reduce((all, { frame }) => all | frame.channelMap, 0);
  const [whole, core] = [map, 0].map((locations) => layoutOf(main?.frame, locations));
  const isWhole = whole && core && staysInPlace(core, whole, map);
  const data = packet.subarray(main?.at ?? 0, (isWhole ? located.at(-1) : main)?.end ?? 0);
  const layouts = [isWhole ? whole : core, core].filter((layout) => layout !== undefined);
  return { data, layouts, mix: readMixLevels(data) };
}

const placesIn = (channelMap: number): typeof LOCATIONS =>
  LOCATIONS.filter((_, place) => ((channelMap >> (15 - place)) & 1) === 1);

function layoutOf(main: Eac3Frame | undefined, channelMap: number): Ac3Layout {
  const added = placesIn(channelMap);
  const names = new Set<Speaker>([
    ...(LAYOUTS[main?.acmod ?? 0] ?? []),
    ...(main?.lfeon ? ['LFE' as const] : []),
    ...added.flatMap(({ speakers }) => speakers),
  ]);
  const speakers = ORDER.filter((name) => names.has(name));
  return { speakers, channels: added.reduce((sum, { others }) => sum + others, speakers.length) };
}

/**
 * The native decoder leaves the main frame's channels where they are and lays those of dependent frames between them.
 * So what it gives is right only where each that would have to move comes anew, as both surrounds do in 7.1; else the
 * main frame's is taken, which is a mix of all channels.
 */
function staysInPlace(core: Ac3Layout, whole: Ac3Layout, channelMap: number): boolean {
  const renewed = new Set(placesIn(channelMap).flatMap(({ speakers }) => speakers));
  return core.speakers.every((name, i) => whole.speakers[i] === name || renewed.has(name));
}

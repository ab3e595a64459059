import type { MixLevels, Pcm, Speaker } from './pcm.ts';

/** The places of 5.1, on which every speaker is put first. */
const PLACES = ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR'] as const;
type Place = (typeof PLACES)[number];

/** -3 dB: what comes from two places is as loud as from one. */
const HALF_POWER = Math.SQRT1_2;

/** Where a speaker of a larger layout is heard in 5.1. */
const HEARD_AT: Readonly<Record<Speaker, Readonly<Partial<Record<Place, number>>>>> = {
  FL: { FL: 1 },
  FR: { FR: 1 },
  FC: { FC: 1 },
  LFE: { LFE: 1 },
  BL: { BL: 1 },
  BR: { BR: 1 },
  SL: { BL: 1 },
  SR: { BR: 1 },
  BC: { BL: HALF_POWER, BR: HALF_POWER },
  FLC: { FL: HALF_POWER },
  FRC: { FR: HALF_POWER },
};
/** Side and back are one place: half of its power each where a layout has both. */
const SHARING: Readonly<Partial<Record<Speaker, Speaker>>> = { BL: 'SL', BR: 'SR', SL: 'BL', SR: 'BR' };

/** Gains by place, in their order. */
type Row = readonly number[];
type Fold = (levels: MixLevels) => readonly Row[];

const stereo: Fold = ({ center: c, surround: s }) => [
  [1, 0, c, 0, s, 0],
  [0, 1, c, 0, 0, s],
];
const mono: Fold = (levels) => {
  const [left = [], right = []] = stereo(levels);
  return [left.map((gain, i) => HALF_POWER * (gain + (right[i] ?? 0)))];
};
const surround: Fold = () => PLACES.map((_, row) => PLACES.map((_, column) => (row === column ? 1 : 0)));

/** From 5.1, by the speakers of the output. */
const FOLDS: Readonly<Record<string, Fold>> = {
  FC: mono,
  'FL,FR': stereo,
  'FL,FR,FC,LFE,BL,BR': surround,
};

/** ITU-R BS.775-4, Table 2. */
const USUAL: MixLevels = { center: HALF_POWER, surround: HALF_POWER };

/**
 * Gains of every speaker (columns) in every channel of the output (rows): ITU-R BS.775-4, Annex 4. The levels of the
 * stream go before those of the recommendation; LFE is heard in 5.1 alone; a centre without left and right is as loud
 * in both.
 *
 * What full scale on all channels would overdrive is made quieter as a whole, so that nothing ever clips: the gains of
 * no row add up to more than 1, and all rows keep their balance. 5.1 in stereo is 7.7 dB lower with the usual levels
 * (ETSI TS 102 366, 7.8.2 has it so).
 * @throws RangeError for an output that is neither FC, nor FL FR, nor FL FR FC LFE BL BR
 */
export function mixMatrix(from: readonly Speaker[], to: readonly Speaker[], mix?: MixLevels): readonly Row[] {
  const fold = FOLDS[to.join()];
  if (!fold) throw new RangeError(`No mix into ${to.join(' ')}`);
  const hasSides = from.some((speaker) => 'FL' in HEARD_AT[speaker] || 'FR' in HEARD_AT[speaker]);
  const levels = { ...(mix ?? USUAL), ...(!hasSides && { center: 1 }) };
  const rows = fold(levels).map((row) => from.map((speaker) => gainOf(speaker, from, row)));
  const peak = Math.max(...rows.map((row) => row.reduce((sum, gain) => sum + Math.abs(gain), 0)));
  return peak > 1 ? rows.map((row) => row.map((gain) => gain / peak)) : rows;
}

function gainOf(speaker: Speaker, from: readonly Speaker[], row: Row): number {
  const other = SHARING[speaker];
  const share = other && from.includes(other) ? HALF_POWER : 1;
  return PLACES.reduce((sum, place, i) => sum + share * (HEARD_AT[speaker][place] ?? 0) * (row[i] ?? 0), 0);
}

/**
 * The channels of an output, as `mixMatrix` has it. A channel that is one of the input as it is, is that array: no
 * copy; with mono in stereo both are the same one.
 * @throws RangeError as `mixMatrix`
 */
export function downmix({ speakers, channels, mix }: Pcm, to: readonly Speaker[]): readonly Float32Array[] {
  const length = channels[0]?.length ?? 0;
  return mixMatrix(speakers, to, mix).map((row) => mixRow(row, channels, length));
}

function mixRow(row: Row, channels: readonly Float32Array[], length: number): Float32Array {
  const parts = row.flatMap((gain, i) => {
    const samples = channels[i];
    return gain === 0 || !samples ? [] : [{ gain, samples }];
  });
  const [first] = parts;
  if (first && parts.length === 1 && first.gain === 1) return first.samples;
  const mixed = new Float32Array(length);
  for (let i = 0; i < parts.length; i += AT_ONCE) add(mixed, parts.slice(i, i + AT_ONCE));
  return mixed;
}

interface Part {
  readonly gain: number;
  readonly samples: Float32Array;
}

/** Parts that are mixed in one pass: as many as 5.1 has in a channel of stereo. */
const AT_ONCE = 3;

/** Rounds behind each part, so that it is the same as one after the other. */
function add(mixed: Float32Array, parts: readonly Part[]): void {
  const nothing = { gain: 0, samples: mixed };
  const [a = nothing, b = nothing, c = nothing] = parts;
  const [x, y, z] = [a.samples, b.samples, c.samples];
  const { fround } = Math;
  for (let i = 0; i < mixed.length; i++) {
    const one = fround((mixed[i] ?? 0) + a.gain * (x[i] ?? 0));
    const two = fround(one + b.gain * (y[i] ?? 0));
    mixed[i] = two + c.gain * (z[i] ?? 0);
  }
}

import type { BitReader, BitWriter } from '../core/bits.ts';

/** A syntactic element of a raw_data_block: one channel, a pair, or the low frequency one. ISO/IEC 14496-3, 4.5.2.1. */
export interface AacElement {
  readonly kind: 'single' | 'pair' | 'lfe';
  readonly tag: number;
  readonly position: 'front' | 'side' | 'back' | 'lfe';
}

const CHANNELS = { single: 1, pair: 2, lfe: 1 } as const;

export const channelCount = (elements: readonly AacElement[]): number =>
  elements.reduce((sum, { kind }) => sum + CHANNELS[kind], 0);

type Layout = readonly (readonly [AacElement['kind'], AacElement['position']])[];

const CENTRE = ['single', 'front'] as const;
const FRONT = ['pair', 'front'] as const;
const SIDE = ['pair', 'side'] as const;
const BACK = ['pair', 'back'] as const;
const BACK_CENTRE = ['single', 'back'] as const;
const LFE = ['lfe', 'lfe'] as const;

/** channelConfiguration → elements in the order of the bitstream: ISO/IEC 14496-3, Table 1.19. */
const LAYOUTS: Readonly<Record<number, Layout>> = {
  1: [CENTRE],
  2: [FRONT],
  3: [CENTRE, FRONT],
  4: [CENTRE, FRONT, BACK_CENTRE],
  5: [CENTRE, FRONT, BACK],
  6: [CENTRE, FRONT, BACK, LFE],
  7: [CENTRE, FRONT, FRONT, BACK, LFE],
  11: [CENTRE, FRONT, BACK, BACK_CENTRE, LFE],
  12: [CENTRE, FRONT, SIDE, BACK, LFE],
  14: [CENTRE, FRONT, BACK, LFE, FRONT],
};

/** Elements of a channel configuration, numbered by kind; null where the table has none. */
export function elementsOf(channelConfiguration: number): AacElement[] | null {
  const layout = LAYOUTS[channelConfiguration];
  if (!layout) return null;
  const tags = { single: 0, pair: 0, lfe: 0 };
  return layout.map(([kind, position]) => ({ kind, position, tag: tags[kind]++ }));
}

/**
 * program_config_element: ISO/IEC 14496-3, 4.4.1.1. Its own object type and rate repeat the configuration's;
 * associated data, coupling channels, mixdown and comment change nothing that is needed here.
 */
export function readProgramConfig(bits: BitReader): AacElement[] {
  bits.skip(10);
  const [front, side, back, lfe] = [bits.u(4), bits.u(4), bits.u(4), bits.u(2)];
  const [associated, coupling] = [bits.u(3), bits.u(4)];
  if (bits.flag()) bits.skip(4);
  if (bits.flag()) bits.skip(4);
  if (bits.flag()) bits.skip(3);
  const elements = [
    ...readElements(bits, front, 'front'),
    ...readElements(bits, side, 'side'),
    ...readElements(bits, back, 'back'),
    ...Array.from({ length: lfe }, () => ({ kind: 'lfe', position: 'lfe', tag: bits.u(4) }) as const),
  ];
  bits.skip(associated * 4 + coupling * 5);
  bits.align();
  bits.skip(bits.u(8) * 8);
  return elements;
}

function readElements(bits: BitReader, count: number, position: AacElement['position']): AacElement[] {
  return Array.from({ length: count }, () => ({
    kind: bits.flag() ? 'pair' : 'single',
    position,
    tag: bits.u(4),
  }));
}

interface ProgramConfig {
  readonly objectType: number;
  readonly rateIndex: number;
  readonly elements: readonly AacElement[];
}

export function writeProgramConfig(
  bits: BitWriter,
  { objectType, rateIndex, elements }: ProgramConfig,
): void {
  const at = (position: AacElement['position']) =>
    elements.filter((element) => element.position === position);
  const [front, side, back, lfe] = [at('front'), at('side'), at('back'), at('lfe')];
  bits
    .u(0, 4)
    .u((objectType - 1) & 3, 2)
    .u(rateIndex, 4);
  bits.u(front.length, 4).u(side.length, 4).u(back.length, 4).u(lfe.length, 2);
  bits.u(0, 3 + 4 + 3);
  for (const { kind, tag } of [...front, ...side, ...back]) bits.flag(kind === 'pair').u(tag, 4);
  for (const { tag } of lfe) bits.u(tag, 4);
  bits.align().u(0, 8);
}

/** Element identifiers: ISO/IEC 14496-3, Table 4.85. */
const ELEMENT_ID = { single: 0, pair: 1, lfe: 3, end: 7 } as const;

/**
 * A raw_data_block whose channels have no scale factor bands: one frame of digital silence, of 1024 samples as of
 * 960. ISO/IEC 14496-3, 4.4.2.1.
 */
export function writeSilence(bits: BitWriter, elements: readonly AacElement[]): void {
  for (const { kind, tag } of elements) {
    bits.u(ELEMENT_ID[kind], 3).u(tag, 4);
    if (kind === 'pair') writeSilentPair(bits);
    else writeSilentChannel(bits);
  }
  bits.u(ELEMENT_ID.end, 3).align();
}

/** pulse_data_present, tns_data_present, gain_control_data_present. */
const TOOL_BITS = 3;
const GAIN_BITS = 8;
/** What common encoders write for silence: with no band to scale it is without effect, and the frame is theirs to the byte. */
const SILENT_GAIN = 140;

/** ics_reserved_bit, window_sequence (long), window_shape (KBD), max_sfb (none), predictor_data_present. */
const writeIcsInfo = (bits: BitWriter): BitWriter => bits.u(0, 1).u(0, 2).u(1, 1).u(0, 6).u(0, 1);

/** individual_channel_stream(0): global_gain, ics_info, tools. */
function writeSilentChannel(bits: BitWriter): void {
  writeIcsInfo(bits.u(SILENT_GAIN, GAIN_BITS)).u(0, TOOL_BITS);
}

/** channel_pair_element with a common window and no mid/side coding. */
function writeSilentPair(bits: BitWriter): void {
  const msMaskBits = 2;
  writeIcsInfo(bits.flag(true)).u(0, msMaskBits);
  bits.u(SILENT_GAIN, GAIN_BITS).u(0, TOOL_BITS);
  bits.u(SILENT_GAIN, GAIN_BITS).u(0, TOOL_BITS);
}

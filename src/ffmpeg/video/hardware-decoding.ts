import { MediaError } from '../../core/errors.ts';
import type { VideoTrack } from '../../core/media.ts';
import { runChild } from '../child.ts';
import { gather } from '../gather.ts';
import type { Capabilities } from './capabilities.ts';
import type { Family } from './encoder-table.ts';
import { likeness } from './likeness.ts';
import { once, takeLook } from './look.ts';
import { type Machine, reasonAgainstFamily } from './machine.ts';
import type { Maker } from './trial-pictures.ts';

/** A way of FFmpeg to decode in hardware. */
export interface DecodingRow {
  /** As `-hwaccel` has it. */
  readonly name: string;
  /** Encoders of the same chips. */
  readonly family: Family;
  /** Pixel format of what lies in the memory of the chip. */
  readonly format: string;
}

/** In the order in which they are tried. */
export const HWACCELS: readonly DecodingRow[] = [
  { name: 'cuda', family: 'nvenc', format: 'cuda' },
  { name: 'videotoolbox', family: 'videotoolbox', format: 'videotoolbox_vld' },
  { name: 'vaapi', family: 'vaapi', format: 'vaapi' },
  { name: 'qsv', family: 'qsv', format: 'qsv' },
];

/** What films are in, and what makes a sample of it. */
export type DecodedCodec = 'h264' | 'h265' | 'av1' | 'mpeg2';

const SAMPLES: {
  readonly [C in DecodedCodec]: { readonly encoder: string; readonly options: readonly string[] };
} = {
  h264: { encoder: 'libx264', options: ['-preset', 'ultrafast'] },
  h265: { encoder: 'libx265', options: ['-preset', 'ultrafast', '-x265-params', 'log-level=error'] },
  av1: { encoder: 'libsvtav1', options: ['-preset', '12'] },
  mpeg2: { encoder: 'mpeg2video', options: ['-q:v', '3'] },
};
export const DECODED_CODECS = Object.keys(SAMPLES) as readonly DecodedCodec[];

/** What a track would be decoded as; null for what hardware is not asked for. */
export function decodedCodec({ configs: [config], decodeOnly }: VideoTrack): DecodedCodec | null {
  const codec = config?.codec ?? decodeOnly?.codec;
  return DECODED_CODECS.find((known) => known === codec) ?? null;
}

const SIZE = { width: 640, height: 360 } as const;
const PICTURES = 12;
const MAX_BYTES = 16 * 2 ** 20;

/** The whole command line: a moving pattern in the codec. */
export function sampleArguments(codec: DecodedCodec): string[] {
  const { encoder, options } = SAMPLES[codec];
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
    ...['-f', 'lavfi', '-i', `testsrc2=s=${SIZE.width}x${SIZE.height}:r=25,format=yuv420p`],
    ...['-frames:v', String(PICTURES), '-c:v', encoder, ...options, '-f', 'matroska', '-live', '1', 'pipe:1'],
  ];
}

const deviceOf = ({ name }: DecodingRow, renderNode: string | null): string[] =>
  name === 'vaapi' && renderNode !== null ? ['-hwaccel_device', renderNode] : [];

/** The whole command line: fails where the chip does not decode. */
export const hardwareLookArguments = (row: DecodingRow, renderNode: string | null): string[] => [
  ...[
    '-hide_banner',
    '-nostdin',
    '-loglevel',
    'error',
    '-hwaccel',
    row.name,
    '-hwaccel_output_format',
    row.format,
  ],
  ...[...deviceOf(row, renderNode), '-f', 'matroska', '-i', 'pipe:0', '-map', '0:v:0'],
  ...['-vf', `hwdownload,format=nv12,scale=${LOOK.width}:${LOOK.height}:flags=area,format=yuv444p`],
  ...['-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'],
];
const LOOK = { width: 320, height: 184 } as const;

/** In front of the input of a run: where the chip cannot decode a film FFmpeg does without it. */
export const hardwareInput = (row: DecodingRow, renderNode: string | null): string[] => [
  ...['-hwaccel', row.name, ...deviceOf(row, renderNode)],
];

/** How a way to decode did. */
export interface DecodingResult {
  readonly name: string;
  readonly codec: DecodedCodec;
  readonly command: readonly string[];
  /** Null when it decoded, and rightly. */
  readonly reason: string | null;
}

/** Why it need not be tried; null where it may work. */
export function reasonAgainstDecoding(
  { name, family }: DecodingRow,
  { hwaccels }: Capabilities,
  machine: Machine,
): string | null {
  if (!hwaccels.has(name)) return 'FFmpeg was built without it';
  return reasonAgainstFamily(family, machine);
}

/** Structural similarity below which it is another picture. */
const LIKE = 0.98;

/**
 * Decodes a sample with and without hardware.
 * @throws the abort reason when aborted; what fails otherwise is the result's reason
 */
export async function tryDecoding(
  row: DecodingRow,
  codec: DecodedCodec,
  { capabilities, ...maker }: Maker & { readonly capabilities: Capabilities },
): Promise<DecodingResult> {
  const command = hardwareLookArguments(row, capabilities.renderNode);
  const result = { name: row.name, codec, command };
  const child = (args: readonly string[]) => ({ ...maker, args, input: null });
  try {
    const sample = await gather(runChild(child(sampleArguments(codec))), MAX_BYTES);
    const look = await takeLook({ format: 'matroska', bytes: sample }, LOOK, maker);
    const decoded = await gather(
      runChild({ ...child(command), input: once([sample]) }),
      look.samples.length + 1,
    );
    const similarity = likeness(look, decoded);
    const isRight = similarity >= LIKE;
    return {
      ...result,
      reason: isRight ? null : `It decodes other pictures (SSIM ${similarity.toFixed(2)})`,
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError')
      return { ...result, reason: 'It took too long' };
    maker.signal.throwIfAborted();
    if (!(error instanceof MediaError)) throw error;
    return { ...result, reason: error.message };
  }
}

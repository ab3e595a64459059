import type { VideoTarget } from '../../core/encoding.ts';
import { MediaError } from '../../core/errors.ts';
import { runChild } from '../child.ts';
import { gather } from '../gather.ts';
import type { Capabilities } from './capabilities.ts';
import { colourNames } from './colour-names.ts';
import type { Maker } from './trial-pictures.ts';

/** What libplacebo works on: graphics that know Vulkan. */
export const PLACEBO_DEVICE: readonly string[] = ['-init_hw_device', 'vulkan=vk', '-filter_hw_device', 'vk'];

/** Pictures of Dolby Vision without a base layer for others, as SDR: libplacebo knows how their colours are coded. */
export function placeboFilters({ width, height, colour }: VideoTarget): string[] {
  const { primaries, transfer, matrix, range } = colourNames(colour);
  const output = `colorspace=${matrix}:color_primaries=${primaries}:color_trc=${transfer}:range=${range}`;
  return [
    'format=yuv420p10le',
    'hwupload',
    `libplacebo=w=${width}:h=${height}:${output}:format=yuv420p:tonemapping=bt.2390:apply_dolbyvision=1`,
    'hwdownload',
    'format=yuv420p',
  ];
}

const SMALL: VideoTarget = {
  codec: 'h264',
  width: 128,
  height: 72,
  depth: 8,
  range: 'SDR',
  colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
  frameRate: 25,
  maxBitrate: 1_000_000,
};
const PICTURES = 3;

/** The whole command line: a few small pictures through it. */
export const placeboTrialArguments = (): string[] => [
  ...['-hide_banner', '-nostdin', '-loglevel', 'error', ...PLACEBO_DEVICE],
  ...['-f', 'lavfi', '-i', `testsrc2=s=${SMALL.width}x${SMALL.height}:r=25,format=yuv420p10le`],
  ...['-vf', placeboFilters(SMALL).join(','), '-frames:v', String(PICTURES), '-f', 'rawvideo', 'pipe:1'],
];

/**
 * Why libplacebo does not work here; null when it does.
 * @throws the abort reason when aborted
 */
export async function reasonAgainstPlacebo({ filters }: Capabilities, maker: Maker): Promise<string | null> {
  if (!filters.has('libplacebo')) return 'FFmpeg was built without it';
  const bytes = SMALL.width * SMALL.height * 1.5 * PICTURES;
  try {
    const made = await gather(runChild({ ...maker, args: placeboTrialArguments(), input: null }), bytes);
    return made.length === bytes ? null : 'It gives too few pictures';
  } catch (error) {
    maker.signal.throwIfAborted();
    if (!(error instanceof MediaError)) throw error;
    return error.message;
  }
}

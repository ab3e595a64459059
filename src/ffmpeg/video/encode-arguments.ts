import type { EncodedCodec, EncodeRun } from '../../core/encoding.ts';
import { MediaError } from '../../core/errors.ts';
import type { ForeignPictures } from '../../core/foreign.ts';
import type { VideoTrack } from '../../core/media.ts';
import { foreignInput } from '../foreign/input-arguments.ts';
import type { Capabilities } from './capabilities.ts';
import { colourNames } from './colour-names.ts';
import { ENCODERS, FAMILIES, type Family } from './encoder-table.ts';
import { type DecodingRow, hardwareInput } from './hardware-decoding.ts';
import { pictureFilters } from './picture-filters.ts';
import { PLACEBO_DEVICE } from './placebo.ts';
import { isDolbyAlone } from './source-colour.ts';

/** A key picture where the lowest bit of the stamp is another one than that of the key picture before. */
const KEYS =
  'expr:if(isnan(prev_forced_t),1,abs(mod(round(t*1000000),2)-mod(round(prev_forced_t*1000000),2)))';

/** Decode times from the first stamp on: never negative, never twice the same, never later than their picture. */
const DECODE_TIMES = 'setts=pts=PTS:dts=if(N\\,min(PTS\\,max(PREV_OUTDTS+1\\,DTS))\\,PTS)';

/** Parameter sets in front of every key picture; AV1 has them there by itself. */
const STREAM_FILTERS: { readonly [C in EncodedCodec]: string } = {
  h264: `dump_extra=freq=keyframe,${DECODE_TIMES}`,
  h265: `dump_extra=freq=keyframe,${DECODE_TIMES}`,
  av1: DECODE_TIMES,
};

const MOVIE_FLAGS = [
  'frag_every_frame',
  'empty_moov',
  // Some encoders tell parameter sets only with the first picture.
  'delay_moov',
  'default_base_moof',
  'omit_tfhd_offset',
  // Decode times as they are, not from zero on.
  'frag_discont',
];

/** Pictures that Sluice gives, as Matroska. */
const GIVEN = ['-analyzeduration', '1', '-noautorotate'];

/** Seconds before the first picture that is wanted: where seeking is coarse it may be met late. */
const BEFORE = 2;

/** A file that is read through a loopback: from a little before the first cut on. */
function foreignPictures({ cuts }: ForeignPictures, url: string): string[] {
  const [first = 0] = cuts;
  const seek = first > BEFORE ? ['-ss', (first - BEFORE).toFixed(6)] : [];
  return ['-noautorotate', ...seek, ...foreignInput(url)];
}

/** In seconds of the container's clock. */
const keysAt = ({ facts, cuts }: ForeignPictures): string =>
  cuts.map((cut) => (cut + facts.start + facts.pictureDelay).toFixed(6)).join(',');

/** Filters run on one kind of chip at a time. */
function deviceOf(family: Family, source: VideoTrack, { renderNode }: Capabilities): readonly string[] {
  const device = FAMILIES[family].device(renderNode ?? '');
  if (!isDolbyAlone(source)) return device;
  if (device.length === 0) return PLACEBO_DEVICE;
  throw new MediaError('not-offered', `${FAMILIES[family].title} does not go together with libplacebo`);
}

/** Where pictures come from. */
export interface EncodeInput {
  /** Of the loopback for what is not given as Matroska; null without one. */
  readonly url: string | null;
  /** Hardware that decodes; null: software. */
  readonly decoder: DecodingRow | null;
}

const GIVEN_TO_SOFTWARE: EncodeInput = { url: null, decoder: null };

/**
 * The whole command line of a run: Matroska in, fragmented MP4 out, as `VideoEncoders.encode` has it.
 * @throws MediaError `not-offered` where this FFmpeg lacks what the pictures take
 */
export function encodeArguments(
  run: EncodeRun,
  capabilities: Capabilities,
  { url, decoder }: EncodeInput = GIVEN_TO_SOFTWARE,
): string[] {
  const { source, target, foreign } = run;
  const isForeign = foreign !== undefined && url !== null;
  const row = ENCODERS.find(({ name }) => name === run.encoder);
  const format = row?.formats[target.depth];
  if (!row || !format)
    throw new MediaError('not-offered', `${run.encoder} makes no ${target.depth}-bit pictures`);
  const family = FAMILIES[row.family];
  const filters = [...pictureFilters({ ...run, format }, capabilities), ...family.upload];
  const { primaries, transfer, matrix, range } = colourNames(target.colour);
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
    ...deviceOf(row.family, source, capabilities),
    '-copyts',
    ...(decoder ? hardwareInput(decoder, capabilities.renderNode) : []),
    ...(isForeign ? foreignPictures(foreign, url) : GIVEN),
    // Without it pictures of streams that do not tell how far they are reordered may come out of order.
    ...(source.configs[0]?.codec === 'h264' ? ['-strict', '1'] : []),
    ...(isForeign ? ['-map', `0:${source.index}`] : ['-f', 'matroska', '-i', 'pipe:0', '-map', '0:v:0']),
    ...['-map_metadata', '-1', '-map_chapters', '-1'],
    ...['-vf', filters.join(','), '-fps_mode', 'passthrough', '-enc_time_base', '1:1000000'],
    ...['-c:v', row.name, ...row.options(target, source)],
    ...['-color_primaries', primaries, '-color_trc', transfer, '-colorspace', matrix, '-color_range', range],
    ...['-force_key_frames', isForeign ? keysAt(foreign) : KEYS, '-bsf:v', STREAM_FILTERS[target.codec]],
    ...['-f', 'mp4', '-movflags', `+${MOVIE_FLAGS.join('+')}`, '-use_editlist', '0'],
    ...['-avoid_negative_ts', 'disabled', '-video_track_timescale', '1000000'],
    ...['-flush_packets', '1', 'pipe:1'],
  ];
}

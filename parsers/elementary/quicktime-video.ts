import type { DecodeOnlyVideo } from '../../src/core/media.ts';
import type { Scan } from './scan.ts';

interface Row {
  readonly codec: DecodeOnlyVideo['codec'];
  readonly scan: Scan;
}

const FIELDS: Row = { codec: 'intra', scan: 'fields' };
const INTRA: Row = { codec: 'intra', scan: 'unknown' };
const FRAMES: Row = { codec: 'intra', scan: 'frames' };
const CLAIMED: Row = { codec: 'other', scan: 'frames' };
const UNKNOWN: Row = { codec: 'other', scan: 'unknown' };

const rows = (row: Row, types: string): (readonly [string, Row])[] =>
  types.split('|').map((type) => [type, row] as const);

/** By type of the sample entry: how pictures depend on each other, and how they may have been taken. */
const TYPES: ReadonlyMap<string, Row> = new Map([
  ...rows(FIELDS, 'dvc |dvcp|dvpp|dv5n|dv5p|dvh1|dvh2|dvh3|dvh4|dvh5|dvh6|dvhp|dvhq|AVdv|AVd1'),
  ...rows(INTRA, 'ap4h|ap4x|apch|apcn|apcs|apco|aprn|aprh|AVdn|AVdh|AVDJ|AVRn|jpeg|mjpa|mjpb|mjp2'),
  ...rows(INTRA, '2vuy|yuv2|2Vuy|yuvs|v210|v308|v408|v410|raw |r210|b64a|I420|icod|M8RG'),
  ...rows(FRAMES, 'png |tiff|gif |Hap1|Hap5|HapY|HapM|HapA|rpza|8BPS|WRLE'),
  ...rows(CLAIMED, 's263|H263|h263|SVQ1|SVQ3|cvid|rle |smc |VP31|VP6F|VP60|VP61|vp08|FLV1|3IVD'),
]);

/** What is known of a codec by QuickTime's name of it. */
export const quickTimeVideo = (type: string): Row => TYPES.get(type) ?? UNKNOWN;

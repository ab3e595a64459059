import { ByteCursor } from '../core/bytes.ts';
import type { CueBody } from '../core/cues.ts';
import { orNull } from '../core/errors.ts';
import { decodeLines } from './cue-text.ts';
import { webvttBodies } from './webvtt-text.ts';

/** Cues of one sample; screens hold some ten. */
const MAX_CUES = 256;

/** A sample is boxes, one a cue that is shown: WVTTSampleEntry, ISO/IEC 14496-30, 7. */
export const wvttReader =
  () =>
  (data: Uint8Array): readonly CueBody[] =>
    readBoxes(data)
      .filter(({ type }) => type === 'vttc')
      .slice(0, MAX_CUES)
      .flatMap(({ content }) => {
        const parts = new Map(readBoxes(content).map((box) => [box.type, decodeLines(box.content)]));
        return webvttBodies(parts.get('sttg') ?? '', parts.get('payl') ?? '');
      });

export interface SampleBox {
  readonly type: string;
  readonly content: Uint8Array;
}

const HEADER_BYTES = 8;

/** Boxes within one; samples have some five. */
const MAX_BOXES = 1024;

/** Boxes of a sample, up to the first that does not fit into it. */
export function readBoxes(data: Uint8Array): SampleBox[] {
  const cursor = new ByteCursor(data);
  const boxes: SampleBox[] = [];
  while (cursor.remaining >= HEADER_BYTES && boxes.length < MAX_BOXES) {
    const size = cursor.u32() - HEADER_BYTES;
    const type = String.fromCharCode(...cursor.bytes(4));
    const content = orNull(() => cursor.bytes(size));
    if (size < 0 || content === null) break;
    boxes.push({ type, content });
  }
  return boxes;
}

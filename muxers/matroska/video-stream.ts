import { element, elementAround, endlessElement, join, text, uint } from './element.ts';

/** A track as Matroska tells decoders of it: RFC 9559, 5.1.4. */
export interface StreamedVideo {
  readonly codecId: string;
  readonly codecPrivate: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Nanoseconds that a picture usually lasts. */
  readonly pictureDuration: number;
}

/** A picture in its place in decode order. */
export interface StreamedPicture {
  /** Microseconds from 0 on, at which it is shown. */
  readonly time: number;
  readonly isKey: boolean;
  readonly data: Uint8Array;
}

const MICROSECOND = 1000;
const VIDEO = 1;
const TRACK = 1;
/** Of SimpleBlock: RFC 9559, 10.2. */
const KEY = 0x80;

/**
 * What stands in front of the pictures of a Matroska stream that is read while it is written: one track, stamps in
 * microseconds, no index, no end.
 */
export function matroskaHead(video: StreamedVideo): Uint8Array {
  const { codecId, codecPrivate, width, height, pictureDuration } = video;
  return join([
    element(
      'EBML',
      uint('EBMLMaxIDLength', 4),
      uint('EBMLMaxSizeLength', 8),
      text('DocType', 'matroska'),
      uint('DocTypeVersion', 4),
      uint('DocTypeReadVersion', 2),
    ),
    endlessElement('Segment'),
    element(
      'Info',
      uint('TimestampScale', MICROSECOND),
      text('MuxingApp', 'Sluice'),
      text('WritingApp', 'Sluice'),
    ),
    element(
      'Tracks',
      element(
        'TrackEntry',
        uint('TrackNumber', TRACK),
        uint('TrackUID', TRACK),
        uint('TrackType', VIDEO),
        uint('FlagLacing', 0),
        ...(pictureDuration > 0 ? [uint('DefaultDuration', Math.round(pictureDuration))] : []),
        text('CodecID', codecId),
        ...(codecPrivate.length > 0 ? [element('CodecPrivate', codecPrivate)] : []),
        element('Video', uint('PixelWidth', width), uint('PixelHeight', height)),
      ),
    ),
  ]);
}

/**
 * A picture in a cluster of its own, since stamps within one reach over 33 ms only: heads, then its bytes as they are.
 * @throws RangeError for a picture of more than 256 MB
 */
export function matroskaPicture({ time, isKey, data }: StreamedPicture): Uint8Array[] {
  const block = elementAround(
    'SimpleBlock',
    new Uint8Array([0x80 + TRACK, 0, 0, isKey ? KEY : 0]),
    data.length,
  );
  const front = join([uint('Timestamp', time), block]);
  return [elementAround('Cluster', front, data.length), data];
}

import { orNull } from '../../../src/core/errors.ts';
import type { Joiner } from '../../elementary/joiner.ts';
import type { PictureFacts } from '../../elementary/picture-facts.ts';
import type { Elementary } from '../elementary.ts';
import { OrderedElementary } from './elementary-ordered.ts';
import { VideoElementary } from './elementary-video.ts';
import { ORDERED_CODECS, type OrderedCodec } from './ordered-pictures.ts';
import { PICTURE_CODECS, type PictureCodec, type PictureStream } from './pictures.ts';

/** New for each stretch that is read. */
interface VideoReading {
  readonly elementary: Elementary;
  readonly joiner: Joiner | null;
}

/** A stream of pictures whose configuration is known. */
export interface VideoStream {
  readonly facts: PictureFacts;
  reading(isAsStored: boolean): VideoReading;
}

export interface VideoCodec {
  /** Learns what is to be learned from every frame that it reads. */
  describing(learn: (stream: VideoStream) => void): Elementary;
  /** Of a stream that never told its configuration. */
  reading(isAsStored: boolean): VideoReading;
}

function nalCodec(codec: PictureCodec): VideoCodec {
  const streamOf = (stream: PictureStream): VideoStream => ({
    facts: stream.facts,
    reading: (isAsStored) => ({
      elementary: new VideoElementary({
        ...{ codec, isAsStored },
        rules: stream.rules(),
        frameRate: stream.facts.frameRate,
      }),
      joiner: isAsStored ? null : stream.joiner(),
    }),
  });
  const undescribed = { codec, frameRate: null };
  return {
    describing: (learn) =>
      new VideoElementary({
        ...{ ...undescribed, rules: codec.rules(), isAsStored: false },
        see(nals) {
          const stream = orNull(() => codec.describe(nals));
          if (stream) learn(streamOf(stream));
        },
      }),
    reading: (isAsStored) => ({
      elementary: new VideoElementary({ ...undescribed, rules: codec.rules(), isAsStored }),
      joiner: null,
    }),
  };
}

function orderedCodec(codec: OrderedCodec): VideoCodec {
  return {
    describing: (learn) =>
      new OrderedElementary({
        ...{ codec, stream: null },
        see(data) {
          const stream = orNull(() => codec.describe(data));
          if (!stream) return;
          const reading = () => ({ elementary: new OrderedElementary({ codec, stream }), joiner: null });
          learn({ facts: stream.facts, reading });
        },
      }),
    reading: () => ({ elementary: new OrderedElementary({ codec, stream: null }), joiner: null }),
  };
}

/** By the name of `stream-types.ts`. */
export const VIDEO_CODECS: ReadonlyMap<string, VideoCodec> = new Map<string, VideoCodec>([
  ...[...PICTURE_CODECS].map(([name, codec]) => [name, nalCodec(codec)] as const),
  ...[...ORDERED_CODECS].map(([name, codec]) => [name, orderedCodec(codec)] as const),
]);

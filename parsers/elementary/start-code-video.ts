import { type Mpeg2Sequence, parseMpeg2Sequence } from '../../src/codecs/mpeg2-sequence.ts';
import { type Mpeg4Layer, parseMpeg4Layer } from '../../src/codecs/mpeg4-headers.ts';
import { quickTimeDescription } from '../../src/codecs/quicktime-description.ts';
import { parseVc1Sequence, type Vc1Sequence } from '../../src/codecs/vc1-headers.ts';
import type { DecodeOnlyVideo } from '../../src/core/media.ts';
import type { PictureFacts } from './picture-facts.ts';

/** What headers of a codec whose units begin with start codes say of the pictures. */
export interface DecodeOnlyFacts<Header> extends PictureFacts {
  readonly config: DecodeOnlyVideo;
  readonly header: Header;
}

/** Null where there is no sequence header: one from the stream may be. */
export function mpeg2Facts(data: Uint8Array): DecodeOnlyFacts<Mpeg2Sequence> | null {
  const header = parseMpeg2Sequence(data);
  if (!header) return null;
  const { width, height, pixelAspect, colour, frameRate } = header;
  return {
    config: {
      codec: 'mpeg2',
      codecId: header.isMpeg1 ? 'V_MPEG1' : 'V_MPEG2',
      codecPrivate: header.header,
      mayBeInterlaced: !header.isProgressive,
    },
    ...{ width, height, pixelAspect, colour, frameRate, header },
    reorderDepth: header.isLowDelay ? 0 : 1,
  };
}

/** MPEG-4 part 2. Null where there is no layer: one from the stream may be. */
export function mpeg4Facts(data: Uint8Array): DecodeOnlyFacts<Mpeg4Layer> | null {
  const header = parseMpeg4Layer(data);
  if (!header) return null;
  const { width, height, pixelAspect, colour, frameRate } = header;
  return {
    config: {
      codec: 'mpeg4',
      codecId: 'V_MPEG4/ISO/ASP',
      codecPrivate: header.header,
      mayBeInterlaced: header.isInterlaced,
    },
    ...{ width, height, pixelAspect, colour, frameRate, header },
    reorderDepth: header.isLowDelay === true ? 0 : 1,
  };
}

/**
 * The advanced profile of VC-1, which Matroska knows only by AVI's name, where stamps are decode times; as QuickTime
 * has it they are those of presentation (SMPTE RP 2025). Null where there is no sequence header.
 */
export function vc1Facts(data: Uint8Array): DecodeOnlyFacts<Vc1Sequence> | null {
  const header = parseVc1Sequence(data);
  if (!header) return null;
  const { width, height, pixelAspect, colour, frameRate } = header;
  return {
    config: {
      codec: 'vc1',
      codecId: 'V_QUICKTIME',
      codecPrivate: quickTimeDescription('vc-1', { width, height }, header.header),
      mayBeInterlaced: header.isInterlaced,
    },
    ...{ width, height, pixelAspect, colour, frameRate, header },
    reorderDepth: 1,
  };
}

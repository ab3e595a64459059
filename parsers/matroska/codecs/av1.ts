import { av1SampleOf, av1SequenceHeader, buildAv1Record, parseAv1Record } from '../../../src/codecs/av1.ts';
import { parseAv1SequenceHeader } from '../../../src/codecs/av1-sequence.ts';
import { orNull } from '../../../src/core/errors.ts';
import { readColour, readDolbyVisionConfig } from '../colour.ts';
import type { Master } from '../ebml.ts';
import type { PendingSetup, VideoSetup } from '../setup.ts';

/** CodecPrivate is an AV1CodecConfigurationRecord; where it lacks the sequence header, the first picture has one. */
export function av1Setup(entry: Master): VideoSetup | PendingSetup<VideoSetup> {
  const privateData = entry.binary('CodecPrivate');
  const record = privateData && orNull(() => parseAv1Record(privateData));
  const header = record && orNull(() => av1SequenceHeader(record.configObus));
  const setup = header && orNull(() => setupOf(entry, header));
  if (setup) return setup;
  return {
    fromFrame: (frame) =>
      orNull(() => {
        const own = av1SequenceHeader(frame);
        return own && setupOf(entry, own);
      }),
  };
}

function setupOf(entry: Master, sequenceHeader: Uint8Array): VideoSetup {
  const sequence = parseAv1SequenceHeader(sequenceHeader);
  return {
    config: { codec: 'av1', record: buildAv1Record(sequenceHeader) },
    width: sequence.maxWidth,
    height: sequence.maxHeight,
    pixelAspect: null,
    colour: sequence.colour ?? readColour(entry.master('Video')),
    frameRate: sequence.frameRate,
    reorderDepth: 0,
    dolbyVision: readDolbyVisionConfig(entry),
    isPrefixUsable: true,
    normalize: av1SampleOf,
  };
}

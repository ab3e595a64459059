import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  aacCodecString,
  buildAudioSpecificConfig,
  parseAudioSpecificConfig,
  silentAacFrame,
} from '../../src/codecs/aac.ts';
import { type AacElement, elementsOf } from '../../src/codecs/aac-elements.ts';
import { SAMPLING_RATES } from '../../src/codecs/aac-rates.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';
import { AAC_ROWS } from './aac-rows.ts';

describe.each(AAC_ROWS)('$name', ({ config, expected, codec }) => {
  const bytes = bytesOf(config);

  test('parses', () => {
    expect(parseAudioSpecificConfig(bytes)).toMatchObject(expected);
    expect(aacCodecString(bytes)).toBe(codec);
  });

  test('any changed byte parses or throws MediaError', () => {
    expectMediaErrors(bytes, (mutant) => {
      const info = parseAudioSpecificConfig(mutant);
      expect(info.outputFrameSize).toBeGreaterThan(0);
      expect(info.channels).toBeGreaterThan(0);
      silentAacFrame(mutant);
    });
  });
});

test.each([
  { name: 'ends early', config: '11', code: 'corrupt' },
  { name: 'is empty', config: '', code: 'corrupt' },
  { name: 'has a reserved rate', config: '1690', code: 'corrupt' },
  { name: 'has a reserved channel configuration', config: '11c0', code: 'corrupt' },
  { name: 'has SBR below the core rate', config: '29940800', code: 'corrupt' },
  { name: 'is CELP', config: '4190', code: 'unsupported' },
])('throws $code where the configuration $name', ({ config, code }) => {
  expect(() => parseAudioSpecificConfig(bytesOf(config))).toThrow(
    expect.objectContaining({ name: MediaError.name, code }),
  );
});

const position = fc.constantFrom('front', 'side', 'back');
const element = fc.record({ kind: fc.constantFrom('single', 'pair'), position, tag: fc.nat(15) });
const lfe = fc.record({ kind: fc.constant('lfe'), position: fc.constant('lfe'), tag: fc.nat(15) });
const ORDER = ['front', 'side', 'back', 'lfe'];
const layout = fc
  .tuple(fc.array(element, { minLength: 1, maxLength: 15 }), fc.array(lfe, { maxLength: 3 }))
  .map(([main, low]): AacElement[] =>
    [...main, ...low].sort((a, b) => ORDER.indexOf(a.position) - ORDER.indexOf(b.position)),
  );
const channels = fc.oneof(
  fc
    .constantFrom(1, 2, 3, 4, 5, 6, 7, 11, 12, 14)
    .map((channelConfiguration) => ({ channelConfiguration, elements: null })),
  layout.map((elements) => ({ channelConfiguration: 0, elements })),
);
const rate = fc.oneof(fc.constantFrom(...SAMPLING_RATES), fc.integer({ min: 1, max: 2 ** 24 - 1 }));

test('parse ∘ build', () => {
  const fields = fc.record({
    objectType: fc.constantFrom(1, 2, 3, 4, 17),
    samplingRate: rate,
    hasSbr: fc.boolean(),
    ps: fc.boolean(),
    frameSize: fc.constantFrom(960, 1024),
    channels,
  });
  fc.assert(
    fc.property(fields, ({ hasSbr, ps, channels: { channelConfiguration, elements }, ...rest }) => {
      const extensionRate = hasSbr && rest.samplingRate < 2 ** 23 ? rest.samplingRate * 2 : null;
      const built = buildAudioSpecificConfig({ ...rest, channelConfiguration, elements, extensionRate, ps });
      const parsed = parseAudioSpecificConfig(built);
      expect(parsed).toMatchObject({ ...rest, channelConfiguration, elements, extensionRate });
      expect([parsed.sbr, parsed.ps]).toEqual([extensionRate !== null, extensionRate !== null && ps]);
    }),
  );
});

test.each([
  '1190',
  '1210',
  '1194',
  '2b118800',
  'eb098800',
  '17805dbf90',
  '2190',
  'b98c00',
])('build ∘ parse gives %s back', (config) => {
  expect(hexOf(buildAudioSpecificConfig(parseAudioSpecificConfig(bytesOf(config))))).toBe(config);
});

/** Mono and stereo are the frames that ffmpeg's encoder makes of silence. */
test.each([
  { name: 'mono', config: '1188', frame: '01182007' },
  { name: 'stereo', config: '1190', frame: '211004608c1c' },
])('silent frame: $name', ({ config, frame }) => {
  expect(hexOf(silentAacFrame(bytesOf(config)) ?? new Uint8Array())).toBe(frame);
});

test('there is no silence for other syntaxes', () => {
  for (const config of ['899000', 'b98800', 'f8e64000', 'f94824211cc01852002000a6104640b800', '11e8'])
    expect(silentAacFrame(bytesOf(config))).toBeNull();
});

test('elements are numbered by kind', () => {
  expect(elementsOf(6)?.map(({ kind, tag }) => `${kind} ${tag}`)).toEqual([
    'single 0',
    'pair 0',
    'pair 1',
    'lfe 0',
  ]);
  expect(elementsOf(8)).toBeNull();
});

/** Headers as ffmpeg writes them: stereo at 44.1 kHz without checksum, 5.1 at 48 kHz. */

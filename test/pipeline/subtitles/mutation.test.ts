import { describe, expect, test } from 'vitest';
import { MediaError } from '../../../src/core/errors.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { withAttachment } from '../../helpers/matroska-edit.ts';
import { someRuns } from '../../helpers/rows.ts';
import { random } from '../../parsers/matroska/reading.ts';
import { serve } from '../serve.ts';
import { asSpans, bodiesOf, cuesOfBody } from './served-texts.ts';

const SEEDS = [
  { name: 'Matroska that is read whole', file: fixture('subtitles'), isIndexed: true },
  { name: 'Matroska with cues', file: withAttachment(fixture('subtitles'), 2_200_000), isIndexed: true },
  {
    name: 'Matroska without cues of texts',
    file: withAttachment(fixture('subtitles'), 2_200_000),
    isIndexed: false,
  },
  { name: 'MP4', file: fixture('subtitles-mp4'), isIndexed: true },
];

describe.each(SEEDS)('$name', ({ file, isIndexed }) => {
  test('whatever is damaged: segments of WebVTT, or a MediaError', async () => {
    const next = random(20_261_122);
    for (let i = 0; i < someRuns(400, 40); i++) {
      const damaged = file.slice();
      // Heads and indexes lie at both ends of the file.
      for (let k = 0; k < 3; k++) {
        const at = Math.floor(next() ** 3 * file.length);
        damaged[next() < 0.5 ? at : file.length - 1 - at] = Math.floor(next() * 256);
      }
      const failure = await failureOf(damaged, isIndexed);
      expect(failure === null || failure instanceof MediaError, `${i}: ${failure}`).toBe(true);
    }
  });
});

async function failureOf(file: Uint8Array, isIndexed: boolean): Promise<unknown> {
  try {
    const opened = await serve(file);
    const served = isIndexed ? opened : asSpans(opened);
    for (const subtitle of served.title.subtitles)
      for (const body of await bodiesOf(served, subtitle)) cuesOfBody(body);
    return null;
  } catch (error) {
    return error;
  }
}

import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { MediaError } from '../core/errors.ts';
import { xmlText } from '../core/xml-text.ts';
import type { GuideEdition, Programme } from '../http/deps.ts';
import type { Channel } from '../proxy/channel-list.ts';
import { byGuideId, XMLTV_TAIL, xmltvHead } from '../proxy/xmltv.ts';
import { readGuideTime, shiftGuideTime } from './guide-time.ts';
import type { GuideProgramme } from './programmes.ts';
import { programmesOf, type ReadGuide, textsOf } from './read-guide.ts';
import { xmlTokens } from './xml-tokens.ts';

export interface EditionLimits {
  /** Bytes that are kept, packed. */
  readonly packed: number;
  /** Characters. */
  readonly whole: number;
}

/** What one guide may have; many channels of one name, each with a shift of its own, have its programmes many times. */
const LIMITS: EditionLimits = { packed: 128 * 1024 * 1024, whole: 1024 * 1024 * 1024 };

/**
 * The guide of the channels, made of the first of the guides that knows each; kept as it is sent.
 * @throws MediaError `limit`
 */
export async function makeEdition(
  channels: readonly Channel[],
  guides: readonly ReadGuide[],
  limits: EditionLimits = LIMITS,
): Promise<GuideEdition> {
  const pieces: Uint8Array[] = [];
  const hash = createHash('sha256');
  let length = 0;
  for await (const piece of through(atMost(limits.whole, written(channels, guides)), createGzip())) {
    pieces.push(piece);
    hash.update(piece);
    length += piece.length;
    if (length > limits.packed) throw tooLarge();
  }
  return {
    etag: `"${hash.digest('hex').slice(0, 16)}"`,
    zippedBytes: length,
    chunks: (form) => batches(form === 'gzip' ? pieces : through(pieces, createGunzip())),
    programmes: (channel) => shownProgrammes(found(channel, guides), channel.shift),
  };
}

const tooLarge = () => new MediaError('limit', 'The channels have more programmes than are kept');

function* atMost(characters: number, pieces: Iterable<string>): Generator<string> {
  let length = 0;
  for (const piece of pieces) {
    length += piece.length;
    if (length > characters) throw tooLarge();
    yield piece;
  }
}

async function* batches(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Uint8Array[]> {
  for await (const piece of pieces) yield [piece];
}

/** What goes wrong is thrown where the result is read. */
function through(
  pieces: Iterable<Uint8Array | string>,
  stream: ReturnType<typeof createGzip>,
): AsyncIterable<Uint8Array> {
  return pipeline(Readable.from(pieces), stream, () => undefined);
}

const found = (channel: Channel, guides: readonly ReadGuide[]): Iterable<GuideProgramme> => {
  for (const guide of guides) {
    const programmes = programmesOf(guide, channel);
    if (programmes) return programmes;
  }
  return [];
};

function* written(channels: readonly Channel[], guides: readonly ReadGuide[]): Generator<string> {
  yield xmltvHead(channels);
  for (const [id, [channel]] of byGuideId(channels)) {
    if (!channel) continue;
    let xml = '';
    for (const programme of found(channel, guides)) {
      xml += programmeElement(programme, { id: xmlText(id), shift: channel.shift });
      if (xml.length < PIECE) continue;
      yield xml;
      xml = '';
    }
    if (xml !== '') yield xml;
  }
  yield XMLTV_TAIL;
}

/** Characters that are written at a time. */
const PIECE = 64 * 1024;

interface Shown {
  /** As XML. */
  readonly id: string;
  /** In minutes. */
  readonly shift: number;
}

function programmeElement(
  { start, stop, attributes, content }: GuideProgramme,
  { id, shift }: Shown,
): string {
  const end = stop === null ? '' : ` stop="${xmlText(shiftGuideTime(stop, shift))}"`;
  return `  <programme start="${xmlText(shiftGuideTime(start, shift))}"${end} channel="${id}"${attributes}>${content}</programme>\n`;
}

const MINUTE = 60_000;

/** In order, with an end each: where the guide tells none, the next one's beginning. */
function shownProgrammes(programmes: Iterable<GuideProgramme>, shift: number): readonly Programme[] {
  const shown = [...programmes].flatMap(({ start, stop, content }) => {
    const begin = readGuideTime(start);
    const tokens = [...xmlTokens(content)];
    const [title = ''] = textsOf(tokens, 'title');
    const [description = ''] = textsOf(tokens, 'desc');
    const end = stop === null ? null : readGuideTime(stop);
    return begin === null ? [] : [{ start: begin, stop: end, title, description }];
  });
  shown.sort((a, b) => a.start - b.start);
  return shown.map(({ start, stop, ...texts }, i) => ({
    ...texts,
    start: start + shift * MINUTE,
    stop: (stop ?? shown[i + 1]?.start ?? start) + shift * MINUTE,
  }));
}

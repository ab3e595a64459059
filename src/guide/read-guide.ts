import { orNull } from '../core/errors.ts';
import type { Channel } from '../proxy/channel-list.ts';
import { CUT_AT_ONCE, ElementCutter } from './element-cutter.ts';
import { type GuideProgramme, ProgrammeStore } from './programmes.ts';
import { channelIn, writeAttributes, writeTokens, type XmlToken, xmlTokens } from './xml-tokens.ts';

/** What one guide says of the channels. */
export interface ReadGuide {
  /** By the ids of the guide, in lower case. */
  readonly programmes: ProgrammeStore;
  /** Ids of the guide by the names of channels. */
  readonly ids: ReadonlyMap<string, string>;
}

/** Programmes of a channel: by its id in the guide, else by its name. Null where the guide has none. */
export function programmesOf(
  { programmes, ids }: ReadGuide,
  channel: Channel,
): Iterable<GuideProgramme> | null {
  const own = folded(channel.guideId);
  if (own !== '' && programmes.has(own)) return programmes.of(own);
  const named = ids.get(folded(channel.name));
  return named !== undefined && programmes.has(named) ? programmes.of(named) : null;
}

/**
 * Reads a guide from its beginning to its end, and keeps what it says of these channels. What is not well-formed is left
 * out, and so are programmes without a title or a beginning, which guides of ours may not have.
 * @throws MediaError as `text` does; `corrupt` for what is no XML, `limit`
 */
export async function readGuide(
  text: AsyncIterable<string>,
  channels: readonly Channel[],
): Promise<ReadGuide> {
  const programmes = new ProgrammeStore();
  const wanted = new Set(channels.map(({ guideId }) => folded(guideId)).filter((id) => id !== ''));
  const names = new Set(channels.map(({ name }) => folded(name)));
  const ids = new Map<string, string>();
  const cutter = new ElementCutter(
    ['channel', 'programme'],
    (name, tag) => name === 'channel' || wanted.has(folded(channelIn(tag))),
  );
  for await (const part of gathered(text))
    for (const xml of cutter.cut(part)) {
      const tokens = orNull(() => [...xmlTokens(xml)]);
      const [first] = tokens ?? [];
      if (!tokens || first?.kind !== 'open') continue;
      if (first.name === 'programme') {
        if (isShown(first.attributes, tokens)) programmes.add(...programmeOf(first.attributes, tokens));
      } else
        for (const [name, id] of namesOf(first.attributes, tokens)) {
          if (!names.has(name) || ids.has(name)) continue;
          ids.set(kept(name), kept(id));
          wanted.add(kept(id));
        }
    }
  programmes.pack();
  return { programmes, ids };
}

/** Pieces that are long enough: what comes in tiny ones would be looked through as often. */
async function* gathered(text: AsyncIterable<string>): AsyncGenerator<string> {
  let waiting = '';
  for await (const part of text) {
    waiting += part;
    if (waiting.length < CUT_AT_ONCE) continue;
    yield waiting;
    waiting = '';
  }
  yield waiting;
}

const isShown = (attributes: ReadonlyMap<string, string>, tokens: readonly XmlToken[]): boolean =>
  Boolean(attributes.get('start')) && textsOf(tokens, 'title').some((title) => title !== '');

/** Names and ids are written in many ways. */
const folded = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, ' ');

/** A copy: a part of a text keeps all of it. */
const kept = (text: string): string => Buffer.from(text).toString();

function programmeOf(
  attributes: ReadonlyMap<string, string>,
  tokens: readonly XmlToken[],
): [channel: string, GuideProgramme] {
  const { channel = '', start = '', stop = null, ...others } = Object.fromEntries(attributes);
  return [
    kept(folded(channel)),
    {
      start,
      stop,
      attributes: writeAttributes(Object.entries(others)),
      content: writeTokens(tokens.slice(1, -1)),
    },
  ];
}

function* namesOf(
  attributes: ReadonlyMap<string, string>,
  tokens: readonly XmlToken[],
): Generator<readonly [name: string, id: string]> {
  const id = folded(attributes.get('id') ?? '');
  for (const name of textsOf(tokens, 'display-name')) if (id !== '') yield [folded(name), id];
}

/** Texts of the elements of a name. */
export function textsOf(tokens: Iterable<XmlToken>, name: string): string[] {
  const texts: string[] = [];
  let text: string | null = null;
  for (const token of tokens) {
    if (token.kind === 'text') text = text === null ? null : text + token.text;
    else if (token.name !== name) continue;
    else if (token.kind === 'open') text = token.isEmpty ? null : '';
    else {
      texts.push((text ?? '').trim());
      text = null;
    }
  }
  return texts;
}

import type { Chapter, ContainerInfo } from '../../src/core/contracts.ts';
import { bcp47 } from '../../src/core/language.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { AttachmentHeads } from './attachments.ts';
import type { Master } from './ebml.ts';

interface Parts {
  readonly info: Master | undefined;
  readonly chapters: readonly Master[];
  readonly tags: readonly Master[];
  readonly attachments: AttachmentHeads | null;
}

/** Texts are for people; what is longer is cut. */
const MAX_TEXT = 1000;
const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** What the file says of itself; what is broken of it is left out. */
export const readContainerInfo = ({ info, chapters, tags, attachments }: Parts): ContainerInfo => ({
  title: short(info?.string('Title')),
  muxingApp: short(info?.string('MuxingApp')),
  writingApp: short(info?.string('WritingApp')),
  chapters: chapters.flatMap(readChapters).slice(0, LIMITS.listed),
  attachments: (attachments?.files ?? []).map(({ name, type, range }) => ({
    name,
    type,
    bytes: range.end - range.start,
  })),
  hasAllAttachments: attachments?.isComplete ?? true,
  tags: tags.flatMap(readTitleTags).slice(0, LIMITS.listed),
});

const short = (text: string | null | undefined): string | null => text?.slice(0, MAX_TEXT) || null;

/** Chapters of all editions that are meant to be seen, nested ones behind their parent (RFC 9559, 5.1.7). */
const readChapters = (chapters: Master): Chapter[] =>
  chapters
    .soundMasters('EditionEntry', (edition) => edition)
    .flatMap((edition, index) =>
      edition.uint('EditionFlagHidden') === 1 ? [] : readAtoms(edition, index, LIMITS.depth),
    );

const readAtoms = (parent: Master, edition: number, depth: number): Chapter[] =>
  depth === 0
    ? []
    : parent
        .soundMasters('ChapterAtom', (atom) =>
          atom.uint('ChapterFlagHidden') === 1
            ? []
            : [readAtom(atom, edition), ...readAtoms(atom, edition, depth - 1)],
        )
        .flat();

function readAtom(atom: Master, edition: number): Chapter {
  const display = atom.master('ChapterDisplay');
  const end = atom.uint('ChapterTimeEnd');
  return {
    edition,
    title: short(display?.string('ChapString')),
    language: bcp47(display?.string('ChapLanguageBCP47') ?? display?.string('ChapLanguage') ?? 'eng'),
    start: milliseconds(atom.uint('ChapterTimeStart') ?? 0),
    end: end === null ? null : milliseconds(end),
  };
}

const milliseconds = (time: number): number => Math.round(time / NANOSECONDS_PER_MILLISECOND);

type TitleTag = ContainerInfo['tags'][number];

/** Texts of the tags that are about no single track, edition, chapter or attachment (RFC 9559, 5.1.8). */
const readTitleTags = (tags: Master): TitleTag[] =>
  tags.soundMasters('Tag', (tag) => (isOfTitle(tag) ? readSimpleTags(tag) : [])).flat();

const TARGETS = ['TagTrackUID', 'TagEditionUID', 'TagChapterUID', 'TagAttachmentUID'] as const;

/** A UID of 0 means all of its kind. */
const isOfTitle = (tag: Master): boolean =>
  TARGETS.every((name) => !(tag.master('Targets')?.identity(name) ?? ''));

const readSimpleTags = (tag: Master): TitleTag[] =>
  tag
    .soundMasters('SimpleTag', (entry) => ({
      name: short(entry.string('TagName')),
      value: short(entry.string('TagString')),
    }))
    .flatMap(({ name, value }) => (name && value ? [{ name, value }] : []));

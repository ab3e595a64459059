import type { Attachment, ContainerInfo } from '../../src/core/contracts.ts';
import { LIMITS } from '../../src/core/limits.ts';

/** What tags say of a file of sound. */
export interface Told {
  readonly title: string | null;
  /** What wrote the file or encoded the sound. */
  readonly writingApp: string | null;
  readonly tags: ContainerInfo['tags'];
  readonly pictures: readonly Attachment[];
  /** False where tags go on beyond what was read of them. */
  readonly isWhole: boolean;
}

export const NOTHING_TOLD: Told = { title: null, writingApp: null, tags: [], pictures: [], isWhole: true };

/** Texts are for people; what is longer is cut. */
const MAX_TEXT = 1000;

export const shortText = (text: string | null | undefined): string | null =>
  text?.trim().slice(0, MAX_TEXT) || null;

/** Several tags as one: of what can be told once the first that tells it. */
export function containerInfo(told: readonly Told[]): ContainerInfo {
  const first = (name: 'title' | 'writingApp') => told.map((tag) => tag[name]).find((text) => text !== null);
  return {
    title: first('title') ?? null,
    muxingApp: null,
    writingApp: first('writingApp') ?? null,
    chapters: [],
    attachments: told.flatMap(({ pictures }) => pictures).slice(0, LIMITS.listed),
    hasAllAttachments: told.every(({ isWhole }) => isWhole),
    tags: told.flatMap(({ tags }) => tags).slice(0, LIMITS.listed),
  };
}

/** A picture by what it is called; `cover` without a name. */
export const pictureOf = (name: string | null, type: string, bytes: number): Attachment => ({
  name: shortText(name) ?? 'cover',
  type,
  bytes,
});

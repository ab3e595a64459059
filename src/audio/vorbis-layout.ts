import type { Speaker } from './pcm.ts';

const LAYOUTS: readonly (readonly Speaker[])[] = [
  ['FC'],
  ['FL', 'FR'],
  ['FL', 'FC', 'FR'],
  ['FL', 'FR', 'BL', 'BR'],
  ['FL', 'FC', 'FR', 'BL', 'BR'],
  ['FL', 'FC', 'FR', 'BL', 'BR', 'LFE'],
  ['FL', 'FC', 'FR', 'SL', 'SR', 'BC', 'LFE'],
  ['FL', 'FC', 'FR', 'SL', 'SR', 'BL', 'BR', 'LFE'],
];

/** Channels in the order of Vorbis (Vorbis I, 4.3.9), which Opus shares (RFC 7845, 5.1.1.2); null beyond eight. */
export const vorbisSpeakers = (channels: number): readonly Speaker[] | null => LAYOUTS[channels - 1] ?? null;

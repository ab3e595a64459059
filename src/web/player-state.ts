import { page } from './elements.ts';
import type Hls from './hls.js';

/** One thing that happened, for tests and for a look into the console. */
export interface PlayerEvent {
  /** As `performance.now()`. */
  readonly at: number;
  readonly type: string;
  readonly isFatal: boolean;
  readonly detail: string;
}

export interface SluicePlayer {
  /** Null before something is opened, and where the browser plays HLS by itself. */
  hls: Hls | null;
  readonly video: HTMLVideoElement;
  readonly events: PlayerEvent[];
}

declare global {
  interface Window {
    sluicePlayer: SluicePlayer;
  }
}

export const player: SluicePlayer = { hls: null, video: page.video, events: [] };
window.sluicePlayer = player;

export function note(type: string, detail = '', isFatal = false): void {
  player.events.push({ at: performance.now(), type, isFatal, detail });
}

import type { ReceiverAddress } from './receiver-address.ts';

export interface ReceiverDoor {
  /** One line for the viewer. */
  say(text: string): void;
}

/** What each kind of receiver needs of the page. */
export interface Stage extends ReceiverDoor {
  readonly video: HTMLVideoElement;
  /** A button that is hidden; a click that fails is told. */
  button(text: string, onClick: () => Promise<void>): HTMLButtonElement;
  /** Of the film that is open; tells the viewer where there is none. */
  address(wish?: Readonly<Record<string, string>>): Promise<string | null>;
  /** The same for nobody who asked: tells nothing. Null where no film is open. */
  findAddress(wish?: Readonly<Record<string, string>>): Promise<ReceiverAddress | null>;
}

/** Stops it here while another device plays it. */
export function leave({ video, say }: Pick<Stage, 'video' | 'say'>): void {
  const tell = () => say('Playing on another device.');
  if (video.paused) tell();
  // Behind the line that tells of the pause.
  else video.addEventListener('pause', tell, { once: true });
  video.pause();
}

/** Goes on here from where the other device was, once somebody wants it. */
export function comeBack({ video, say }: Pick<Stage, 'video' | 'say'>, time: number): void {
  video.currentTime = time;
  video.addEventListener('seeked', () => say('Back on this device.'), { once: true });
}

import { page } from './elements.ts';

export const NO_SOUND = 'There is no sound';
export const NO_PICTURE = 'There is no picture';

/** Why something is not heard or seen. */
export function tellSilence(title: string, reason: string): void {
  page.silentTitle.textContent = title;
  page.silentReason.textContent = reason;
  page.silent.hidden = false;
}

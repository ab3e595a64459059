import { page } from './elements.ts';

export const NO_SOUND = 'There is no sound';

/** Why something is not heard. */
export function tellSilence(title: string, reason: string): void {
  page.silentTitle.textContent = title;
  page.silentReason.textContent = reason;
  page.silent.hidden = false;
}

import { offerAirPlay } from './airplay.ts';
import { offerCast } from './cast.ts';
import { page } from './elements.ts';
import { note } from './player-state.ts';
import { receiverAddress } from './receiver-address.ts';
import { offerRemotePlayback } from './remote-playback.ts';
import type { ReceiverDoor, Stage } from './stage.ts';

/** Buttons for Chromecast, AirPlay and their like, where this browser has one. */
export function offerReceivers({ say }: ReceiverDoor): void {
  const findAddress: Stage['findAddress'] = async (wish) =>
    page.address.value === '' ? null : receiverAddress(page.address.value, wish);
  const stage: Stage = {
    say,
    findAddress,
    video: page.video,
    button: (text, onClick) => addButton(text, () => onClick().catch((error: unknown) => failed(error, say))),
    async address(wish) {
      const found = await findAddress(wish);
      if (found?.kind !== 'refusal') return found?.url ?? null;
      note('no-receiver', found.message);
      say(found.message);
      return null;
    },
  };
  if (offerAirPlay(stage)) return;
  if (document.body.dataset.cast === 'sender') offerCast(stage);
  else offerRemotePlayback(stage);
}

function addButton(text: string, onClick: () => Promise<void>): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'quiet';
  button.hidden = true;
  button.textContent = text;
  button.addEventListener('click', () => void onClick());
  page.unmute.after(button);
  return button;
}

function failed(error: unknown, say: ReceiverDoor['say']): void {
  note('receiver-failed', String(error));
  // Closing the list of devices is no failure.
  if (error instanceof DOMException && /^(Abort|NotAllowed)Error$/.test(error.name)) return;
  say('The other device could not be reached.');
}

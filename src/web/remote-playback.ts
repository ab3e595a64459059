import { page } from './elements.ts';
import { note } from './player-state.ts';
import { comeBack, leave, type Stage } from './stage.ts';

/** Receivers are browsers of one kind: what Chrome cannot begin at they cannot. */
const FOR_CHROME = { recovery: 'hidden' } as const;

/**
 * The Remote Playback API, by which Chrome on Android casts. It hands over addresses, not what a MediaSource plays: a
 * second element, which is never seen, has the address and leads the device.
 */
export function offerRemotePlayback(stage: Stage): void {
  const { video, button, address, say } = stage;
  const lead = document.createElement('video');
  if (!('remote' in lead)) return;
  lead.preload = 'none';
  const { remote } = lead;
  const cast = button('Play on another device', async () => {
    const url = await address(FOR_CHROME);
    if (url === null) return;
    if (remote.state === 'disconnected') lead.src = url;
    await remote.prompt();
  });
  video.addEventListener('loadedmetadata', () => {
    // Which devices there are depends on what is to be played. Nothing is loaded of it here.
    if (remote.state === 'disconnected') lead.src = page.address.value;
  });
  remote.addEventListener('connect', () => {
    lead.currentTime = video.currentTime;
    leave(stage);
    lead.play().catch(() => say('The other device does not play this film.'));
  });
  remote.addEventListener('disconnect', () => {
    comeBack(stage, lead.currentTime);
  });
  remote
    .watchAvailability((isAvailable) => {
      cast.hidden = !isAvailable;
    })
    .catch((error: unknown) => {
      note('no-watching', String(error));
      // Where nobody can tell whether there is a device, its own list says so: W3C Remote Playback.
      cast.hidden = !(error instanceof DOMException && error.name === 'NotSupportedError');
    });
}

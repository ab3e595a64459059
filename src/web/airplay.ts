import { note, player } from './player-state.ts';
import type { Stage } from './stage.ts';

/** What WebKit has beside the standard. */
interface WebKitVideo {
  webkitShowPlaybackTargetPicker(): void;
  readonly webkitCurrentPlaybackTargetIsWireless: boolean;
}

const isWebKit = (video: HTMLVideoElement): video is HTMLVideoElement & WebKitVideo =>
  'webkitShowPlaybackTargetPicker' in video;

/** By Apple's table; what WebKit knows an alternative by. */
const HLS_TYPE = 'application/x-mpegURL';

const ungiven = (error: unknown): void => note('receiver-failed', String(error));

/**
 * AirPlay: the device loads the film itself. Where this page plays it by a MediaSource, WebKit wants another source
 * beside that, which it hands over. False where the browser has nothing of the kind.
 */
export function offerAirPlay({ video, button, address, findAddress }: Stage): boolean {
  if (!isWebKit(video)) return false;
  const airPlay = button('AirPlay', async () => {
    video.webkitShowPlaybackTargetPicker();
    // Tells the viewer where devices cannot reach this server.
    await address();
  });
  let isAvailable = false;
  let given = '';
  const give = async () => {
    const source = video.querySelector('source');
    // Without a source beside it there is the playlist itself, which can be handed over as it is.
    if (!isAvailable || !source || given === source.src) return;
    given = source.src;
    const found = await findAddress().catch((error: unknown) => {
      given = '';
      throw error;
    });
    if (found?.kind !== 'address' || !source.isConnected) return;
    const other = document.createElement('source');
    other.type = HLS_TYPE;
    other.src = found.url;
    source.after(other);
    // A managed source is not opened without this; once it is, its place may be taken by another device.
    video.disableRemotePlayback = false;
  };
  video.addEventListener('webkitplaybacktargetavailabilitychanged', (event) => {
    isAvailable = 'availability' in event && event.availability === 'available';
    airPlay.hidden = !isAvailable;
    give().catch(ungiven);
  });
  video.addEventListener('loadedmetadata', () => give().catch(ungiven));
  video.addEventListener('webkitcurrentplaybacktargetiswirelesschanged', () => {
    // The device loads by itself: nothing is to be loaded twice.
    if (video.webkitCurrentPlaybackTargetIsWireless) player.hls?.stopLoad();
    else player.hls?.startLoad();
  });
  return true;
}

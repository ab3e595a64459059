import { browserPlayer } from './browser.mjs';
import { launchChromium } from './chromium.mjs';
import { launchFirefox } from './firefox.mjs';
import { gstreamerPlayer } from './gstreamer.mjs';
import { mpvPlayer } from './mpv.mjs';
import { vlcPlayer } from './vlc.mjs';

/** The columns of the matrix. */
export const PLAYERS = [
  {
    title: 'hls.js, Chromium',
    start: async (servers) => browserPlayer(await launchChromium(), 'hls', servers),
  },
  {
    title: 'shaka, Chromium',
    start: async (servers) => browserPlayer(await launchChromium(), 'shaka', servers),
  },
  {
    title: 'hls.js, Firefox',
    start: async (servers) => browserPlayer(await launchFirefox(), 'hls', servers),
  },
  { title: 'mpv', start: async (servers) => mpvPlayer(servers) },
  { title: 'VLC', start: async (servers) => vlcPlayer(servers) },
  { title: 'GStreamer', start: async (servers) => gstreamerPlayer(servers) },
];

import { ADDON_ROUTES } from './addon.ts';
import { FILE_ROUTES } from './files.ts';
import { HLS_ROUTES } from './hls.ts';
import { MEDIA_ROUTES } from './media.ts';
import { PROXY_ROUTES } from './proxy.ts';
import { PROXY_TOOL_ROUTES } from './proxy-tools.ts';
import { RECEIVER_ROUTES } from './receiver.ts';
import type { ApiRoute } from './route.ts';
import { SERVER_ROUTES } from './server.ts';
import { STREMIO_ROUTES } from './stremio.ts';
import { TUNER_ROUTES } from './tuner.ts';
import { UPLOAD_ROUTES } from './uploads.ts';
import { XTREAM_ROUTES } from './xtream.ts';

/** The whole HTTP interface, but for pages and their files. */
export const API_ROUTES: readonly ApiRoute[] = [
  ...MEDIA_ROUTES,
  ...FILE_ROUTES,
  ...HLS_ROUTES,
  ...RECEIVER_ROUTES,
  ...PROXY_ROUTES,
  ...PROXY_TOOL_ROUTES,
  ...STREMIO_ROUTES,
  ...ADDON_ROUTES,
  ...TUNER_ROUTES,
  ...XTREAM_ROUTES,
  ...UPLOAD_ROUTES,
  ...SERVER_ROUTES,
];

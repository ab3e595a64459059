/** What players ask a streaming server of itself: fixed, since nothing of it is to be set here. */

/** Stremio's own server has it so: players compare it with what they need. */
const SERVER_VERSION = '4.20.16';

/** `/settings`, with all the fields that Stremio's core insists on; those of torrents stand for nothing. */
export const settingsOf = (baseUrl: string) => ({
  options: [],
  values: {
    appPath: '',
    cacheRoot: '',
    serverVersion: SERVER_VERSION,
    remoteHttps: null,
    transcodeProfile: null,
    cacheSize: 0,
    proxyStreamsEnabled: false,
    btMaxConnections: 0,
    btHandshakeTimeout: 0,
    btRequestTimeout: 0,
    btDownloadSpeedSoftLimit: 0,
    btDownloadSpeedHardLimit: 0,
    btMinPeersForStable: 0,
  },
  baseUrl,
});

/** By path: what is answered to every GET. */
export const FIXED: Readonly<Record<string, unknown>> = {
  '/network-info': { availableInterfaces: [] },
  '/device-info': { availableHardwareAccelerations: [] },
  '/hwaccel-profiler': { profiles: [] },
  '/casting': [],
  '/heartbeat': { success: true },
  '/status': { success: true },
  '/hlsv2/status': [],
  // Nobody says what it is made of; players go on without one.
  '/subtitleSignature': { error: null, result: { signature: null, videoFpsMilli: null } },
};

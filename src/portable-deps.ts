import { MediaError } from './core/errors.ts';
import type { AudioTranscoder } from './core/transcoding.ts';
import type { AppDeps, UploadDesk } from './http/deps.ts';
import { sendChunksAsStream } from './http/stream-body.ts';
import { createLibrary } from './pipeline/library.ts';
import { createTokenBox, deriveAccessKey } from './proxy/token.ts';

/** What differs between platforms that have web APIs and nothing else: edge workers, browsers. */
export interface PortablePlatform {
  readonly config: AppDeps['config'];
  /** Key of all tokens. */
  readonly secret: string;
  readonly openSource: AppDeps['openSource'];
  readonly asset: AppDeps['asset'];
  readonly log: AppDeps['log'];
  /** Null where sound can only be copied. */
  readonly transcoder: AudioTranscoder | null;
  /** Bytes of packets, and of encoded sound, that are kept. */
  readonly packetBytes: number;
  readonly transcriptBytes: number;
}

/** All that `createApp` needs where nothing but web APIs is there: nothing can be uploaded. */
export async function portableDeps(platform: PortablePlatform): Promise<AppDeps> {
  const { config, secret, openSource, asset, log, transcoder, packetBytes, transcriptBytes } = platform;
  return {
    config,
    library: createLibrary({ packetBytes, transcriptBytes, transcoder }),
    tokens: await createTokenBox(secret, Date.now),
    accessKey: await deriveAccessKey(secret),
    openSource,
    sendChunks: sendChunksAsStream,
    desk: closedDesk,
    uploads: null,
    asset,
    log,
  };
}

const closedDesk: UploadDesk = {
  receive: async () => {
    throw new MediaError('not-offered', 'This server takes no uploads');
  },
  refuse: async (_, response) => response,
};

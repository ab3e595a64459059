import { comeBack, leave, type Stage } from './stage.ts';

/** As much of Google's sender framework as is used. developers.google.com/cast/docs/web_sender */
interface CastFramework {
  readonly CastContext: { getInstance(): CastContext };
  readonly CastContextEventType: {
    readonly CAST_STATE_CHANGED: string;
    readonly SESSION_STATE_CHANGED: string;
  };
  readonly RemotePlayer: new () => { readonly savedPlayerState: { readonly currentTime: number } | null };
  readonly RemotePlayerController: new (player: object) => object;
}

interface CastContext {
  setOptions(options: object): void;
  getCastState(): string;
  getCurrentSession(): { loadMedia(request: object): Promise<unknown> } | null;
  requestSession(): Promise<unknown>;
  endCurrentSession(stopsReceiver: boolean): void;
  addEventListener(type: string, listener: (event: { readonly sessionState?: string }) => void): void;
}

interface CastMedia {
  readonly DEFAULT_MEDIA_RECEIVER_APP_ID: string;
  readonly StreamType: { readonly BUFFERED: string };
  readonly HlsSegmentFormat: { readonly FMP4: string };
  readonly HlsVideoSegmentFormat: { readonly FMP4: string };
  readonly MediaInfo: new (contentId: string, contentType: string) => object;
  readonly GenericMediaMetadata: new () => object;
  readonly LoadRequest: new (media: object) => object;
}

interface CastWindow {
  __onGCastApiAvailable?: (isAvailable: boolean) => void;
  readonly cast?: { readonly framework: CastFramework };
  readonly chrome?: {
    readonly cast?: { readonly media: CastMedia; readonly AutoJoinPolicy: Record<string, string> };
  };
}

const SENDER = 'https://www.gstatic.com/cv/js/sender/v1/cast_sender.js?loadCastFramework=1';
const HLS_TYPE = 'application/vnd.apple.mpegurl';
/** Receivers are Chrome: what it cannot begin at they cannot. */
const FOR_CHROME = { recovery: 'hidden' } as const;

/** Chromecast by Google's own script, which the page loads only where the server was told that it may. */
export function offerCast(stage: Stage): void {
  const host = window as unknown as CastWindow;
  host.__onGCastApiAvailable = (isAvailable) => {
    const { framework } = host.cast ?? {};
    const { media, AutoJoinPolicy } = host.chrome?.cast ?? {};
    if (isAvailable && framework && media)
      begin(stage, { framework, media, autoJoinPolicy: AutoJoinPolicy?.ORIGIN_SCOPED });
  };
  const script = document.createElement('script');
  script.src = SENDER;
  document.head.append(script);
}

interface Sender {
  readonly framework: CastFramework;
  readonly media: CastMedia;
  readonly autoJoinPolicy: string | undefined;
}

function begin(stage: Stage, { framework, media, autoJoinPolicy }: Sender): void {
  const { video } = stage;
  const { CAST_STATE_CHANGED, SESSION_STATE_CHANGED } = framework.CastContextEventType;
  const context = framework.CastContext.getInstance();
  context.setOptions({ receiverApplicationId: media.DEFAULT_MEDIA_RECEIVER_APP_ID, autoJoinPolicy });
  const remote = new framework.RemotePlayer();
  new framework.RemotePlayerController(remote);
  const button = stage.button('Cast', async () => {
    if (context.getCurrentSession()) return context.endCurrentSession(true);
    const url = await stage.address(FOR_CHROME);
    if (url === null) return;
    const refusal = await context.requestSession();
    if (refusal) return;
    await context.getCurrentSession()?.loadMedia(requestOf(media, url, video.currentTime));
    leave(stage);
  });
  const show = () => {
    button.hidden = context.getCastState() === 'NO_DEVICES_AVAILABLE';
  };
  context.addEventListener(CAST_STATE_CHANGED, show);
  context.addEventListener(SESSION_STATE_CHANGED, ({ sessionState }) => {
    if (sessionState !== 'SESSION_ENDED') return;
    const { savedPlayerState } = remote;
    comeBack(stage, savedPlayerState?.currentTime ?? video.currentTime);
  });
  show();
}

/** What the receiver is told: it takes segments for MPEG-TS unless told otherwise. */
function requestOf(media: CastMedia, url: string, currentTime: number): object {
  const metadata = Object.assign(new media.GenericMediaMetadata(), { title: document.title });
  const info = Object.assign(new media.MediaInfo(url, HLS_TYPE), {
    streamType: media.StreamType.BUFFERED,
    hlsSegmentFormat: media.HlsSegmentFormat.FMP4,
    hlsVideoSegmentFormat: media.HlsVideoSegmentFormat.FMP4,
    metadata,
  });
  return Object.assign(new media.LoadRequest(info), { currentTime, autoplay: true });
}

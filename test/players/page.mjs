// Runs in the browser: hls.js and shaka-player behind one face, window.matrix.
const video = document.body.appendChild(document.createElement('video'));
const complaints = [];
let fatal = null;

function complain(text, isFatal) {
  complaints.push(text);
  if (isFatal) fatal ??= text;
}

video.addEventListener('error', () => complain(`media element: ${video.error?.message}`, true));

function listen() {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  context.createMediaElementSource(video).connect(analyser);
  analyser.connect(context.destination);
  void context.resume();
  return { context, analyser };
}

const ear = listen();

/** What is heard now, in hertz, by the zero crossings of the last 8192 samples; 0 for silence. */
function tone() {
  const samples = new Float32Array(ear.analyser.fftSize);
  ear.analyser.getFloatTimeDomainData(samples);
  let crossings = 0;
  for (let i = 1; i < samples.length; i++) if (samples[i - 1] < 0 !== samples[i] < 0) crossings++;
  return Math.round((crossings * ear.context.sampleRate) / samples.length / 2);
}

function openHls(url) {
  const hls = new window.Hls({ debug: false });
  hls.on(window.Hls.Events.ERROR, (_, data) => {
    // A fragment whose loading a seek has made pointless.
    if (data.details === 'aborted' && !data.fatal) return;
    const reason = data.error?.message ?? data.reason ?? '';
    complain(`${data.type} ${data.details} ${reason} ${data.frag?.relurl ?? ''}`.trim(), data.fatal);
  });
  hls.on(window.Hls.Events.MANIFEST_PARSED, () => void video.play());
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    codecs: () => {
      const level = hls.levels[hls.currentLevel];
      return `${level?.videoCodec},${level?.audioCodec}`;
    },
    speak: (language) => {
      hls.audioTrack = hls.audioTracks.findIndex(({ lang }) => lang === language);
    },
    read: (language) => {
      hls.subtitleTrack = hls.subtitleTracks.findIndex(({ lang }) => lang === language);
    },
  };
}

async function openShaka(url) {
  window.shaka.polyfill.installAll();
  const player = new window.shaka.Player();
  player.addEventListener('error', ({ detail }) => {
    const isFatal = detail.severity === window.shaka.util.Error.Severity.CRITICAL;
    complain(`shaka ${detail.category}.${detail.code} ${detail.message}`, isFatal);
  });
  await player.attach(video);
  player.load(url).then(
    () => video.play(),
    (error) => complain(`shaka ${error.category}.${error.code} ${error.message}`, true),
  );
  return {
    codecs: () => player.getVariantTracks().find(({ active }) => active)?.codecs ?? '',
    speak: (language) => {
      const tracks = player.getAudioTracks();
      player.selectAudioTrack(tracks.find((track) => track.language === language));
    },
    read: (language) => {
      player.selectTextTrack(player.getTextTracks().find((track) => track.language === language));
    },
  };
}

/** What is shown now. */
const text = () =>
  [...video.textTracks]
    .flatMap(({ mode, activeCues }) => (mode === 'disabled' ? [] : [...(activeCues ?? [])]))
    .map((cue) => cue.text)
    .join('\n');

let player = null;

window.matrix = {
  async open(kind, url) {
    player = await (kind === 'shaka' ? openShaka(url) : openHls(url));
    return null;
  },
  /** Whether this browser has decoders for all of a variant. */
  canPlay: (codecs) => MediaSource.isTypeSupported(`video/mp4; codecs="${codecs}"`),
  seek(time) {
    video.currentTime = time;
    return null;
  },
  speak(language) {
    player.speak(language);
    return null;
  },
  read(language) {
    player.read(language);
    return null;
  },
  status: () => ({
    time: video.currentTime,
    duration: video.duration,
    isSeeking: video.seeking,
    isEnded: video.ended,
    width: video.videoWidth,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    audio: video.webkitAudioDecodedByteCount ?? null,
    tone: tone(),
    text: text(),
    codecs: player?.codecs() ?? '',
    fatal,
    complaints,
  }),
};

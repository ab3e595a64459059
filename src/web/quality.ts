import { page } from './elements.ts';
import type { Fragment } from './hls.js';
import Hls from './hls.js';
import { createPace, type LoadingPart } from './pace.ts';
import { note } from './player-state.ts';
import type { ProbeAnswer } from './probe-view.ts';
import { formText, isEncoded, ladderOf, menuText, variantsOf } from './variants.ts';

/** Milliseconds between two looks at how fast a part comes. */
const LOOK = 500;
const AUTOMATIC = 'automatic';

/** In which form the picture of an opened title is played. */
export interface Quality {
  /** Names the forms: the menu and the line of what is shown wait for it. */
  describe(probe: ProbeAnswer): void;
  /** Takes what is encoded from now on. False where that is played already, or not offered. */
  leaveCopy(): boolean;
}

/**
 * Plays the first variant of the playlist that this browser can play, which the server puts in order: hls.js by itself
 * would begin with the one that fits its guess of the network, and go to and fro between a copy and what is encoded of
 * it by their bits. Only smaller pictures take turns with it, by how fast they come; a person may choose any.
 * @param first level of the first variant of the playlist
 */
export function chooseQuality(hls: Hls, first: number): Quality {
  const variants = variantsOf(hls.levels, first);
  const ofLevel = (level: number) => variants.find((variant) => variant.level === level);
  const automatic = followPace(hls, first);
  let probe: ProbeAnswer | null = null;
  let shown = first;
  hls.loadLevel = first;

  const tell = () => {
    const rendition = probe?.renditions.find(({ name }) => name === ofLevel(shown)?.name);
    page.shown.textContent = probe && rendition ? `Playing ${formText(rendition, probe)}` : '';
    page.shown.hidden = page.shown.textContent === '';
  };
  const choose = () => {
    automatic.isOn = page.quality.value === AUTOMATIC;
    if (!automatic.isOn) hls.nextLevel = Number(page.quality.value);
  };
  const offer = (answer: ProbeAnswer) => {
    const options = variants.map((variant) => new Option(menuText(variant, answer), String(variant.level)));
    if (automatic.isOn) options.unshift(new Option('Automatic', AUTOMATIC));
    page.quality.replaceChildren(...options);
    page.quality.value = automatic.isOn ? AUTOMATIC : String(hls.loadLevel);
    page.qualityChoice.hidden = variants.length < 2;
  };
  page.quality.addEventListener('change', choose);
  // Where a variant fails hls.js takes another one, and would choose by itself from then on.
  hls.on(Hls.Events.LEVEL_SWITCHING, (_, { level }) => {
    if (hls.autoLevelEnabled) hls.loadLevel = level;
  });
  hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => {
    shown = level;
    note('variant', ofLevel(level)?.name);
    tell();
  });
  hls.once(Hls.Events.DESTROYING, () => {
    page.quality.removeEventListener('change', choose);
    page.qualityChoice.hidden = true;
    page.shown.hidden = true;
  });
  return {
    describe(answer) {
      probe = answer;
      offer(answer);
      tell();
    },
    leaveCopy() {
      const encoded = variants.find(isEncoded);
      const own = ofLevel(hls.loadLevel);
      if (!encoded || !own || isEncoded(own)) return false;
      automatic.isOn = false;
      hls.loadLevel = encoded.level;
      return true;
    },
  };
}

/** Goes down to smaller pictures and up again while it is on. */
function followPace(hls: Hls, first: number): { isOn: boolean } {
  const ladder = ladderOf(variantsOf(hls.levels, first), first);
  const pace = createPace(ladder.map(({ bitrate }) => bitrate));
  const automatic = { isOn: ladder.length > 1 };
  const loading = watchLoading(hls, pace.loaded);
  const look = () => {
    if (!automatic.isOn) return;
    const ahead = hls.mainForwardBufferInfo?.len ?? 0;
    const level = ladder[pace.at({ now: performance.now(), ahead, loading: loading() })]?.level;
    if (level === undefined || level === hls.loadLevel) return;
    // Only what is missed now is given up.
    if (ahead < 1) hls.nextLevel = level;
    else hls.loadLevel = level;
  };
  const timer = setInterval(look, LOOK);
  hls.once(Hls.Events.DESTROYING, () => clearInterval(timer));
  return automatic;
}

/** @returns tells the part of the picture that is being loaded */
function watchLoading(hls: Hls, onLoaded: (factor: number) => void): () => LoadingPart | null {
  let under: { readonly frag: Fragment; readonly isFirst: boolean } | null = null;
  const isPicture = ({ type, sn }: Fragment) => String(type) === 'main' && sn !== 'initSegment';
  hls.on(Hls.Events.FRAG_LOADING, (_, { frag }) => {
    if (isPicture(frag)) under = { frag, isFirst: (hls.mainForwardBufferInfo?.len ?? 0) === 0 };
  });
  hls.on(Hls.Events.FRAG_LOADED, (_, { frag }) => {
    if (!isPicture(frag)) return;
    under = null;
    const { first, end } = frag.stats.loading;
    onLoaded((1000 * frag.duration) / Math.max(1, end - first));
  });
  return () => {
    if (!under) return null;
    const { frag, isFirst } = under;
    const { first } = frag.stats.loading;
    return { isFirst, seconds: frag.duration, flowing: first > 0 ? performance.now() - first : 0 };
  };
}

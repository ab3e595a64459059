import type { Sample } from '../../src/core/contracts.ts';
import { timeOfSamples } from '../audio-file/sound-track.ts';
import { type OggPacket, PacketJoiner } from './packet-joiner.ts';
import type { Page } from './page.ts';
import { type ClockState, clockBehindLoss, type PageTimes, timesOfPage } from './sound-clock.ts';
import type { SoundFormat, SoundMapping } from './sound-format.ts';

/** A track of sound that is read. */
export interface OggSound {
  readonly id: number;
  readonly index: number;
  /** Of the first logical stream that carries it. */
  readonly serial: number;
  readonly mapping: SoundMapping;
  readonly format: SoundFormat;
}

/** All it takes to go on reading a track. */
export interface LineState {
  /** Of the logical stream that carries it; null where none does. */
  readonly serial: number | null;
  readonly clock: ClockState;
  /** The packet before, or its beginning; null where there was none or nobody knows. */
  readonly before: Uint8Array | null;
}

/** What a page brought. */
export interface LineContent {
  readonly samples: readonly Sample[];
  readonly skipped: number;
}

/** Bytes of a packet of sound: frames of FLAC of 65535 samples in eight channels of 24 bits take half of it. */
const MAX_PACKET = 4 * 1024 * 1024;
/** Of a packet, what tells how long the next one lasts. */
const REMEMBERED = 2;

interface Measured {
  readonly packet: OggPacket;
  readonly samples: number;
  readonly before: Uint8Array | null;
  /** It only tells how long the next one lasts: what it overlaps with was not read. */
  readonly isContext: boolean;
}

interface Timed extends Omit<Measured, 'samples'> {
  readonly start: number;
  readonly end: number;
}

interface LatestPage {
  readonly position: number;
  readonly timed: readonly Timed[];
  /** When the last packet before it began. */
  readonly last: number;
}

/** Packets of one track by the pages of the logical stream that carries it. */
export class SoundLine {
  readonly sound: OggSound;
  #joiner = new PacketJoiner(MAX_PACKET);
  #state: LineState;
  #latest: LatestPage = { position: 0, timed: [], last: 0 };

  constructor(sound: OggSound, state: LineState) {
    this.sound = sound;
    this.#state = state;
  }

  get state(): LineState {
    return this.#state;
  }

  /** The page on which the packet begins that is not complete; null without one. */
  get open(): number | null {
    return this.#joiner.open;
  }

  /** To go on behind the last page; null in the middle of a packet, and where the next one's time is not sure. */
  get idle(): LineState | null {
    const { serial, clock } = this.#state;
    const isKnown = clock.phase === 'beginning' || clock.next !== null;
    const isSure = serial === null || (isKnown && clock.doubt === null);
    return this.open === null && isSure ? remembering(this.#state) : null;
  }

  /** To go on with the first packet that begins on the last page; null where none does, or its time is not sure. */
  get entry(): LineState | null {
    const { position, timed, last } = this.#latest;
    const { serial, clock } = this.#state;
    const at = timed.findIndex(({ packet }) => packet.position === position);
    const first = timed[at];
    if (!first) {
      const isSure = this.open === position && clock.next !== null && clock.doubt === null;
      return isSure ? remembering(this.#state) : null;
    }
    const { start, before } = first;
    if (before === null && this.sound.format.overlaps) return null;
    const own = { ...clock, next: start, end: start, doubt: null, last: timed[at - 1]?.start ?? last };
    return remembering({ serial, clock: own, before });
  }

  /** The logical stream ends; gives the bytes of the packet that is not complete. */
  end(): number {
    const lost = this.#joiner.drop();
    this.#state = { ...this.#state, serial: null };
    return lost;
  }

  /** Another logical stream carries the track. */
  follow(state: LineState): void {
    this.#state = state;
    this.#joiner = new PacketJoiner(MAX_PACKET);
  }

  push(page: Page): LineContent {
    const { packets, isAfterLoss, lost } = this.#joiner.push(page);
    const state = this.#state;
    if (isAfterLoss) this.#state = { ...state, clock: clockBehindLoss(state.clock) };
    const { measured, strange } = this.#measure(packets);
    const { timed, times } = this.#time(measured, page);
    this.#latest = { position: page.position, timed, last: state.clock.last };
    const samples: Sample[] = [];
    let cut = 0;
    for (const packet of timed) {
      const sample = this.#sample(packet, times);
      if (sample) samples.push(sample);
      if (packet.packet.isCut) cut += packet.packet.data.length;
    }
    return { samples, skipped: lost + strange + cut };
  }

  /** @returns bytes of those that are neither sound nor headers, too */
  #measure(packets: readonly OggPacket[]): {
    readonly measured: readonly Measured[];
    readonly strange: number;
  } {
    const { format, mapping } = this.sound;
    const measured: Measured[] = [];
    let strange = 0;
    let { before } = this.#state;
    let isContext = format.overlaps && before === null && this.#state.clock.phase === 'running';
    for (const packet of packets) {
      if (mapping.isHeader(packet.data)) continue;
      const samples = format.samples(packet.data, before);
      if (samples === null) strange += packet.data.length;
      else {
        measured.push({ packet, samples: isContext ? 0 : samples, before, isContext });
        before = packet.data;
        isContext = false;
      }
    }
    return { measured, strange };
  }

  #time(
    measured: readonly Measured[],
    { granule, isLast }: Page,
  ): { readonly timed: readonly Timed[]; readonly times: PageTimes | null } {
    const [first] = measured;
    const { serial, clock } = this.#state;
    if (!first) return { timed: [], times: null };
    const lead = this.sound.format.overlaps && clock.phase === 'beginning' ? first.samples : 0;
    const times = timesOfPage(clock, { granule, isLast, lengths: measured.map((m) => m.samples), lead });
    this.#state = { serial, clock: times.clock, before: measured.at(-1)?.packet.data ?? null };
    let end = times.start;
    const timed = measured.map(({ packet, before, isContext, samples }, i) => {
      const start = i === 0 ? times.first : end;
      end += samples;
      return { packet, before, isContext, start, end };
    });
    return { timed, times };
  }

  /** Null for what is not to be heard, and for what was too long to be kept. */
  #sample({ packet, start, end, isContext }: Timed, times: PageTimes | null): Sample | null {
    const heardTo = Math.min(end, times?.heardTo ?? end);
    if (isContext || packet.isCut || heardTo <= start) return null;
    const { sampleRate } = this.sound.format;
    const early = Math.min(end - start, (times?.clock.heardFrom ?? start) - start);
    const discard = end > heardTo ? end - heardTo : -Math.max(0, early);
    const sample = {
      trackId: this.sound.id,
      time: timeOfSamples(start, sampleRate),
      duration: timeOfSamples(heardTo - start, sampleRate),
      isKey: true,
      position: packet.position,
      entry: packet.position,
      data: packet.data,
    };
    return discard === 0 ? sample : { ...sample, discard: timeOfSamples(discard, sampleRate) };
  }
}

/** As long as it is kept it must not keep the bytes alive that were read. */
const remembering = (state: LineState): LineState => ({
  ...state,
  before: state.before?.slice(0, REMEMBERED) ?? null,
});

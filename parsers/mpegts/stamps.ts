import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds } from '../../src/core/time.ts';

/** Ticks of PTS and DTS in a second: ISO/IEC 13818-1, 2.4.3.7. */
export const CLOCK = 90_000;
/** PTS and DTS have 33 bits: 26.5 hours. */
export const WRAP = 2 ** 33;

/** The value nearest to `near` that has the same 33 bits as `stamp`. */
export const unwrap = (stamp: number, near: number): number =>
  stamp + Math.round((near - stamp) / WRAP) * WRAP;

/** From a place on stamps mean times in one way. */
export interface StampRule {
  /** First byte for which it holds. */
  readonly position: number;
  /** A stamp at that place, before `shift`, and unwrapped. */
  readonly near: number;
  /** What is added to make one line of all stamps. */
  readonly shift: number;
}

const ORIGIN: StampRule = { position: 0, near: 0, shift: 0 };

/** The time of any stamp by its place alone. In ticks of 90 kHz; rules ascend in position. */
export class StampMap {
  readonly #common: readonly StampRule[];
  readonly #own = new Map<number, StampRule[]>();

  /** @param common rules for every PID that has none of its own */
  constructor(common: readonly StampRule[] = []) {
    this.#common = common;
  }

  add(pid: number, rule: StampRule): void {
    const rules = this.#own.get(pid) ?? [];
    rules.push(rule);
    this.#own.set(pid, rules);
  }

  /** Unwrapped and shifted. */
  ticksOf(pid: number, stamp: number, position: number): number {
    const { near, shift } = this.#ruleAt(pid, position);
    return unwrap(stamp, near) + shift;
  }

  #ruleAt(pid: number, position: number): StampRule {
    const rules = this.#own.get(pid) ?? this.#common;
    let [low, high] = [0, rules.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rules[middle]?.position ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return rules[Math.max(0, low - 1)] ?? ORIGIN;
  }
}

export const timeOfTicks = (ticks: number): Nanoseconds =>
  nanoseconds(Math.round((ticks * NANOSECONDS_PER_SECOND) / CLOCK));

/** Seconds that stamps may run back, as those of reordered pictures without DTS do. */
const BACK = 2 * CLOCK;
/** Seconds that may be missing: what is longer is another clock, since nobody wants to wait so long. */
const AHEAD = 60 * CLOCK;
/** Where a discontinuity was announced. */
const ANNOUNCED_AHEAD = CLOCK;
/** By which what comes after a cut may repeat what came before: servers begin with some seconds of the past. */
const REPEATED = 15 * CLOCK;
/** By which a PID's first packet may lie before or behind what was met. */
const BEGINNING = 60 * CLOCK;
/** Clocks that are remembered: one wild stamp is no reason to stay on its clock. */
const REMEMBERED = 4;
/** A rule is written anew after so long, so that a wrap is never more than half of 26.5 hours away from one. */
const RENEWAL = 6 * 3600 * CLOCK;
/** What a packet lasts where only one was met. */
const USUAL_STEP = CLOCK / 25;

interface Line {
  /** Of the last packet: its stamp, unwrapped, and its time. */
  raw: number;
  time: number;
  /** From the packet before to it. */
  step: number;
  shift: number;
  ruledAt: number;
  /** No packet of it came since the stream was cut. */
  isCut: boolean;
}

/**
 * Finds where stamps jump, from those of all packets in file order: what follows is moved to where the line was
 * left, of all PIDs by the same amount, each from its own first packet of the new clock on.
 */
export class JumpFinder {
  readonly #map: StampMap;
  readonly #lines = new Map<number, Line>();
  readonly #shifts: { shift: number; raw: number }[] = [];
  #latest = Number.NEGATIVE_INFINITY;
  jumps = 0;

  /** @param map is told the rules that are found */
  constructor(map: StampMap) {
    this.#map = map;
  }

  /** What comes now does not continue what came. */
  cut(): void {
    for (const line of this.#lines.values()) line.isCut = true;
  }

  /** The next PES packet. @param stamp DTS, PTS without one. @param isAnnounced its PID or that of the PCR said so */
  see(pid: number, stamp: number, at: { readonly position: number; readonly isAnnounced: boolean }): void {
    const line = this.#lines.get(pid);
    if (line && this.#goesOn(line, stamp, at.isAnnounced)) return;
    const found = line ? this.#follow(line, stamp, at.isAnnounced) : this.#begin(stamp);
    const time = found.raw + found.shift;
    const isRuled = line && line.shift === found.shift && Math.abs(found.raw - line.ruledAt) < RENEWAL;
    if (!isRuled) this.#map.add(pid, { position: at.position, near: found.raw, shift: found.shift });
    this.#lines.set(pid, {
      ...found,
      time,
      step: line && time > line.time ? Math.min(time - line.time, CLOCK) : (line?.step ?? USUAL_STEP),
      ruledAt: isRuled ? line.ruledAt : found.raw,
      isCut: false,
    });
    this.#latest = Math.max(this.#latest, time);
    this.#remember(found);
  }

  /** True for a packet that only goes on, as nearly all do, which is noted. */
  #goesOn(line: Line, stamp: number, isAnnounced: boolean): boolean {
    if (isAnnounced || line.isCut) return false;
    const raw = unwrap(stamp, line.raw);
    const time = raw + line.shift;
    if (time < line.time - BACK || time > line.time + AHEAD || Math.abs(raw - line.ruledAt) >= RENEWAL)
      return false;
    if (time > line.time) line.step = Math.min(time - line.time, CLOCK);
    line.raw = raw;
    line.time = time;
    this.#latest = Math.max(this.#latest, time);
    for (const known of this.#shifts) if (known.shift === line.shift) known.raw = raw;
    return true;
  }

  /** A PID's first packet is on the clock of the others, if it is anywhere near. */
  #begin(stamp: number): { raw: number; shift: number } {
    if (this.#shifts.length === 0) return { raw: stamp, shift: 0 };
    const isNear = (time: number) => Math.abs(time - this.#latest) <= BEGINNING;
    return this.#known(stamp, isNear) ?? this.#jump(stamp, this.#latest);
  }

  #follow(line: Line, stamp: number, isAnnounced: boolean): { raw: number; shift: number } {
    const raw = unwrap(stamp, line.raw);
    const ahead = isAnnounced && !line.isCut ? ANNOUNCED_AHEAD : AHEAD;
    const back = line.isCut ? REPEATED : BACK;
    const isNear = (time: number) =>
      (time >= line.time - back && time <= line.time + ahead) || Math.abs(time - this.#latest) <= BACK;
    if (isNear(raw + line.shift)) return { raw, shift: line.shift };
    return this.#known(stamp, isNear) ?? this.#jump(raw, line.time + line.step);
  }

  /** On a clock that was met before, the latest first; null where none fits. */
  #known(stamp: number, isNear: (time: number) => boolean): { raw: number; shift: number } | null {
    for (const { shift, raw: near } of [...this.#shifts].reverse()) {
      const raw = unwrap(stamp, near);
      if (isNear(raw + shift)) return { raw, shift };
    }
    return null;
  }

  #jump(raw: number, time: number): { raw: number; shift: number } {
    this.jumps++;
    return { raw, shift: time - raw };
  }

  #remember({ raw, shift }: { raw: number; shift: number }): void {
    const known = this.#shifts.find((one) => one.shift === shift);
    if (known) known.raw = raw;
    else this.#shifts.push({ shift, raw });
    if (this.#shifts.length > REMEMBERED) this.#shifts.shift();
  }
}

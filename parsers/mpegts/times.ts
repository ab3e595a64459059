import type { Elementary, Place, Unit } from './elementary.ts';

const NONE: readonly Unit[] = [];
const EMPTY = new Uint8Array(0);

/** Of a stream of which only times are wanted: where its PES packets begin. */
export const timesElementary = (): Elementary => ({
  begin: (place) => (place.ticks === null ? NONE : [unitAt(place, place.ticks)]),
  append: () => NONE,
  end: () => NONE,
  lose: () => NONE,
  flush: () => NONE,
  pending: null,
  takeSkipped: () => 0,
});

const unitAt = (place: Place, ticks: number): Unit => ({
  data: EMPTY,
  place,
  ticks,
  duration: null,
  isKey: false,
});

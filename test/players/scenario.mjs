// What a viewer does, by one face of all players: start, seek about, change the language, see the end.
import { DURATION, LANGUAGES, textAt, WIDTH } from './films.mjs';

const SEEKS = 5;
/** From asking until pictures and the right sound are there. */
const PATIENCE = 12_000;
const POLL = 150;

/** Seeded, so that a failing seek can be repeated. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const isNear = (tone, wanted) => Math.abs(tone - wanted) < wanted * 0.15;

const describe = ({ time, duration, frames, audio, tone, text, isEnded, isSeeking, complaints = [] }) =>
  `at ${time?.toFixed?.(2)} of ${duration?.toFixed?.(2)} s, ${frames} frames, audio ${audio}, tone ${tone} Hz, text ${JSON.stringify(text)}` +
  `${isEnded ? ', ended' : ''}${isSeeking ? ', seeking' : ''}; ${complaints.slice(-3).join(' / ')}`;

/** Polls until `holds(now, before)`; throws what was going on when it never does. */
async function until(session, what, holds) {
  const deadline = Date.now() + PATIENCE;
  let before = null;
  for (;;) {
    const now = await session.status();
    if (now.fatal) throw new Error(`${what}: ${now.fatal}`);
    if (before && holds(now, before)) return now;
    const isOver = now.isEnded && before?.isEnded;
    if (isOver || Date.now() > deadline) throw new Error(`${what}: ${describe(now)}`);
    before = now;
    await sleep(POLL);
  }
}

const grows = (now, before) => now === null || now > before;

/** Time, pictures and sound of `tone` go on, from `from` or later by no more than has passed since this was asked. */
function plays(from, tone, slack = 0) {
  const asked = Date.now();
  return (now, before) =>
    !now.isSeeking &&
    now.time > before.time &&
    now.time >= from - slack &&
    now.time <= from + slack + 0.5 + (Date.now() - asked) / 1000 &&
    grows(now.frames, before.frames) &&
    grows(now.audio, before.audio) &&
    isNear(now.tone, tone);
}

async function seek(session, time, tone) {
  await session.seek(time);
  await until(session, `seek to ${time.toFixed(2)}`, plays(time, tone, session.precision));
}

/** What a viewer does, each from a film that plays its first language. */
const STEPS = {
  async start(session) {
    const { width, duration } = await session.status();
    if (width !== WIDTH) throw new Error(`width ${width}`);
    if (!(Math.abs(duration - DURATION) <= 0.3)) throw new Error(`duration ${duration}`);
  },
  /**
   * Where the player can be asked what it shows. While there are pictures to come: shaka shows texts with the next of
   * them that it loads.
   */
  async texts(session) {
    if (!session.read) return;
    const [{ tone }, { code }] = LANGUAGES;
    await session.read(code);
    for (const time of [12.5, 30.5, 3.5]) {
      await seek(session, time, tone);
      await until(session, `a text at ${time}`, (now) => now.text === textAt(code, now.time));
    }
  },
  async seeks(session, seed) {
    await session.settle?.();
    const random = randomNumbers(seed);
    for (let i = 1; i <= SEEKS; i++) await seek(session, random() * (DURATION - 4), LANGUAGES[0].tone);
  },
  async language(session) {
    const { code, tone } = LANGUAGES[1];
    await seek(session, 10, LANGUAGES[0].tone);
    await session.speak(code);
    const { time } = await until(session, 'switch', plays(10, tone, session.precision + 3));
    await until(session, 'after the switch', plays(time + 1, tone, session.precision));
    await seek(session, 25, tone);
  },
  async end(session) {
    const before = await session.status();
    await session.seek(DURATION - 1);
    const { time, frames } = await until(session, 'the last second', ({ isEnded }) => isEnded);
    if (time < DURATION - 0.3 - (session.lag ?? 0)) throw new Error(`ended at ${time}`);
    if (frames === before.frames) throw new Error('no pictures of the last second');
  },
};

async function started(open) {
  const session = await open();
  try {
    await until(session, 'first pictures and sound', plays(0.2, LANGUAGES[0].tone, session.precision));
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/**
 * Plays through a film that `open` opens, in a fresh session after each step that fails; nothing follows a failed start.
 * A session's `precision` says how far beside the place asked for a seek may land and its `lag` how far the place it
 * tells may be behind, in seconds. Returns what failed, by step, and what the player said.
 */
export async function playThrough(open, seed) {
  const failures = {};
  let session = null;
  let status = {};
  for (const [name, step] of Object.entries(STEPS)) {
    if (failures.start) break;
    try {
      session ??= await started(open);
      await step(session, seed);
      status = await session.status();
    } catch (error) {
      failures[name] = error.message;
      await session?.close();
      session = null;
    }
  }
  await session?.close();
  return { failures, complaints: status.complaints ?? [], codecs: status.codecs ?? '' };
}

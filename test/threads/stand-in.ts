/**
 * A thread that does as it is told by the number of a job's first frame, so that each fault comes when a test wants it.
 * What it answers as packets are the one byte of the job's end.
 */
const STAND_IN = `
import { parentPort, threadId } from 'node:worker_threads';
const held = new Map();
const answer = (id, end) => {
  parentPort.postMessage({ id, kind: 'packets', packets: [Uint8Array.of(end)] });
  parentPort.postMessage({ id, kind: 'done' });
};
const DEEDS = [
  answer,
  () => process.exit(7),
  () => { throw new Error('A bug'); },
  () => { for (;;); },
  (id) => held.set(id, true),
  () => { void Promise.reject(new Error('Nobody heard')); },
  (id) => parentPort.postMessage({ id, kind: 'failed', code: 'corrupt', message: 'No sound' }),
  (id, end) => { setTimeout(() => answer(id, end), 50); },
  (id) => {
    held.set(id, true);
    parentPort.postMessage({ id, kind: 'packets', packets: [Uint8Array.of(1)] });
  },
  (id) => answer(id, threadId),
];
parentPort.on('message', ({ id, job }) => {
  if (job) DEEDS[job.first](id, job.end);
  else if (held.delete(id)) parentPort.postMessage({ id, kind: 'failed', code: 'upstream', message: 'Stopped' });
});
parentPort.postMessage({ kind: 'ready' });
`;

/** What the stand-in does with a job. */
export const DEED = {
  answer: 0,
  exit: 1,
  throw: 2,
  hang: 3,
  /** Until it is told to stop. */
  hold: 4,
  reject: 5,
  fail: 6,
  answerLate: 7,
  /** As that, behind one packet. */
  stall: 8,
  /** With the number of its thread. */
  tell: 9,
} as const;

export const moduleOf = (code: string): URL => new URL(`data:text/javascript,${encodeURIComponent(code)}`);

export const STAND_IN_ENTRY = moduleOf(STAND_IN);

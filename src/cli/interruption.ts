/** Exit status that shells give to a program that a signal ended: 128 and the signal's number. */
const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof STATUS;

/**
 * Runs a command that a signal can end: it is told by an abort and cleans up. A second signal does not wait.
 * @returns the exit status
 */
export async function interruptible(run: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const listeners = Object.entries(STATUS).map(([name, status]) => {
    const stop = () => controller.abort(new Interruption(status));
    process.once(name as StopSignal, stop);
    return { name, stop };
  });
  try {
    return await run(controller.signal);
  } catch (error) {
    const { aborted, reason } = controller.signal;
    if (aborted && reason instanceof Interruption) return reason.status;
    throw error;
  } finally {
    for (const { name, stop } of listeners) process.off(name, stop);
  }
}

class Interruption extends Error {
  readonly status: number;

  constructor(status: number) {
    super('Interrupted');
    this.status = status;
  }
}

import { MediaError } from '../../core/errors.ts';
import { runChild } from '../child.ts';
import { gatherText } from '../gather.ts';
import { type Capabilities, isTooOld, listedHwaccels, listedNames, versionOf } from './capabilities.ts';

/** Milliseconds in which FFmpeg must have listed what it has. */
const PATIENCE = 10_000;

/** What it writes to its output. */
const textOf = (program: string, args: readonly string[], signal: AbortSignal): Promise<string> =>
  gatherText(runChild({ program, args, input: null, patience: PATIENCE, signal }));

/**
 * Asks an FFmpeg for what it has.
 * @throws MediaError `not-offered` where it does not start, is too old or is no FFmpeg; the abort reason when aborted
 */
export async function askProgram(
  program: string,
  renderNode: string | null,
  signal: AbortSignal,
): Promise<Capabilities> {
  const version = versionOf(await textOf(program, ['-version'], signal));
  if (version === null) throw new MediaError('not-offered', `${program} does not answer as FFmpeg does`);
  if (isTooOld(version)) throw new MediaError('not-offered', `FFmpeg ${version} is too old: 5.1 is needed`);
  const list = (what: string) => textOf(program, ['-hide_banner', what], signal);
  const [encoders, filters, hwaccels] = await Promise.all(['-encoders', '-filters', '-hwaccels'].map(list));
  return {
    version,
    encoders: listedNames(encoders ?? ''),
    filters: listedNames(filters ?? ''),
    hwaccels: listedHwaccels(hwaccels ?? ''),
    renderNode,
  };
}

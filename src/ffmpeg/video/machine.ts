import { readdir, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Family } from './encoder-table.ts';

/** What of this machine tells whether hardware can be there at all. */
export interface Machine {
  /** As `process.platform`. */
  readonly platform: string;
  /** Names in `/dev`. */
  readonly devices: readonly string[];
  /** Of graphics, by the name of its driver: `i915`, `amdgpu`, `nvidia`. */
  readonly renderNodes: readonly { readonly path: string; readonly driver: string }[];
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/** Looks around on this one; what cannot be read is not there. */
export async function lookAtMachine(platform: string): Promise<Machine> {
  const nodes = (await namesIn('/dev/dri')).filter((name) => name.startsWith('renderD')).sort();
  const driverOf = (node: string) =>
    readlink(join('/sys/class/drm', node, 'device/driver')).then(
      (target) => basename(target),
      () => '',
    );
  const renderNodes = nodes.map(async (node) => ({
    path: join('/dev/dri', node),
    driver: await driverOf(node),
  }));
  return { platform, devices: await namesIn('/dev'), renderNodes: await Promise.all(renderNodes) };
}

/** Where VA-API can be had: NVIDIA's driver has none. */
export const vaapiNode = ({ renderNodes }: Machine): string | null =>
  renderNodes.find(({ driver }) => driver !== 'nvidia')?.path ?? null;

const hasDevice = ({ devices }: Machine, pattern: RegExp): boolean =>
  devices.some((name) => pattern.test(name));

const isLinux = ({ platform }: Machine): boolean => platform === 'linux';

/** Why encoders of a family need not be tried; null where they may be there. */
const REASONS: { readonly [F in Family]: (machine: Machine) => string | null } = {
  nvenc: (machine) =>
    machine.platform === 'darwin'
      ? 'macOS has no NVENC'
      : isLinux(machine) && !hasDevice(machine, /^(nvidia\d|nvidiactl|dxg|nvhost)/)
        ? 'There is no /dev/nvidia0'
        : null,
  qsv: (machine) =>
    machine.platform === 'darwin'
      ? 'macOS has no Quick Sync that FFmpeg knows'
      : isLinux(machine) && !machine.renderNodes.some(({ driver }) => /^(i915|xe|)$/.test(driver))
        ? 'There is no Intel graphics in /dev/dri'
        : null,
  vaapi: (machine) =>
    !isLinux(machine)
      ? 'Only Linux has VA-API'
      : vaapiNode(machine) === null
        ? 'There is no /dev/dri/renderD128'
        : null,
  videotoolbox: ({ platform }) => (platform === 'darwin' ? null : 'Only macOS has VideoToolbox'),
  amf: (machine) =>
    machine.platform === 'win32'
      ? null
      : isLinux(machine) && machine.renderNodes.some(({ driver }) => driver === 'amdgpu')
        ? null
        : 'There is no AMD graphics',
  v4l2m2m: (machine) =>
    !isLinux(machine)
      ? 'Only Linux has V4L2'
      : hasDevice(machine, /^video\d/)
        ? null
        : 'There is no /dev/video0',
  rkmpp: (machine) => (hasDevice(machine, /^mpp_service$/) ? null : 'There is no /dev/mpp_service'),
  software: () => null,
};

/** Why encoders of a family need not be tried here; null where they may be there. */
export const reasonAgainstFamily = (family: Family, machine: Machine): string | null =>
  REASONS[family](machine);

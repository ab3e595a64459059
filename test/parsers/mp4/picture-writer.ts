import { readTracks } from '../../../parsers/mp4/tracks.ts';
import { buildAvcRecord } from '../../../src/codecs/h264.ts';
import { buildHvcRecord } from '../../../src/codecs/h265.ts';
import type { VideoTrack } from '../../../src/core/media.ts';
import { AV1_ROWS } from '../../codecs/av1-rows.ts';
import { SPS_ROWS } from '../../codecs/h264-rows.ts';
import { H265_ROWS } from '../../codecs/h265-rows.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { box, movieOf, type Part, serialize, type TrackFields, u8, u16, zeros } from './movie-writer.ts';

const [avc] = SPS_ROWS;
const hevcRow = H265_ROWS.find(({ name }) => name.includes('720p'));
const pqRow = H265_ROWS.find(({ expected }) => expected.colour?.transfer === 16);
const [av1Row] = AV1_ROWS;
if (!avc || !hevcRow || !pqRow || !av1Row) throw new Error('rows are missing');
export const [hevc, pq, av1] = [hevcRow, pqRow, av1Row];

export const [sps, pps] = [bytesOf(avc.sps), bytesOf(avc.pps)];
export const avcRecord = buildAvcRecord({ sps: [sps], pps: [pps] });
export const hevcSets = (row: typeof hevcRow) => ({
  vps: [bytesOf(row.vps)],
  sps: [bytesOf(row.sps)],
  pps: [bytesOf(row.pps)],
});
export const hvcRecord = buildHvcRecord(hevcSets(hevcRow));
export const aac = bytesOf('1190');

export const ofMovie = (handler: string, entry: Part, fields: TrackFields = {}) => {
  const [read] = readTracks(movieOf(handler, entry, fields));
  if (!read) throw new Error('no track');
  return read;
};
export const videoOf = (entry: Part, fields: TrackFields = {}): VideoTrack => {
  const { track } = ofMovie('vide', entry, fields);
  if (track.kind !== 'video') throw new Error(`a track of ${track.kind}`);
  return track;
};
export const HD = [1280, 720] as const;
export const avcC = box('avcC', avcRecord);
export const dolby = (profile: number, flags: number) =>
  serialize(u8(1, 0), u16((profile << 9) | (6 << 3) | flags), u8(0x10), zeros(19));

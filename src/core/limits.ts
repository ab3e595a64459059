/** Every maximum of Sluice, with the attack or the measurement behind it. Bytes unless a unit is named. */
export const LIMITS = {
  /** First request: EBML head, SeekHead, Info, Tracks and the first clusters of common files fit. */
  head: 256 * 1024,
  /** Below this a file is read whole at once: cheaper than probing it at ten places. */
  wholeAtOnce: 2 * 1024 * 1024,
  /** A resource without an index is read whole up to this size to make one. */
  wholeWithoutIndex: 64 * 1024 * 1024,
  /** Tracks, Info, Tags, SeekHead: the largest one held in memory (a real Tags element: 1.5 MB). */
  metadata: 16 * 1024 * 1024,
  /** Cues: 8 h with a cue every half second take 1.5 MB. */
  index: 16 * 1024 * 1024,
  /** Bytes read at each probed cut: parameter sets, SEI and the first slice header of a key picture. */
  cutProbe: 24 * 1024,
  /** Probed cuts in the first round: with head and index the master stays below 1.5 MB. */
  cutProbes: 8,
  /** Read at the end of the clusters to find where the title ends. */
  tailProbe: 256 * 1024,
  /** Further probes when an open GOP was met (house.md, Time 2). */
  openGopProbes: 4 * 1024 * 1024,
  /** One block: a key picture of an 80 Mbit/s film is 3 MB. */
  block: 64 * 1024 * 1024,
  /** Nesting of EBML elements and boxes; real files have 7. */
  depth: 16,
  /** Elements in one master element that is read whole; an 8 h Cues has 60 000. */
  elements: 2_000_000,
  /** Tracks of a file; the largest seen has 60 subtitle tracks. */
  tracks: 256,
  /** Interleave window (house.md, Time 5). */
  interleaveSeconds: 10,
  interleaveBytes: 16 * 1024 * 1024,
  /** Segments of a title: 24 h of two-second segments. */
  segments: 50_000,
  /** Seconds that one title may last: 10 days, past which a broken duration is the likelier reason. */
  durationSeconds: 864_000,
  /** Silent frames that fill one segment. */
  fillFrames: 100_000,
  /** Attachments and other elements are skipped, never read; this many hops while looking for the first cluster. */
  elementHops: 64,
} as const;

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
  /** Further probes when an open GOP was met. */
  openGopProbes: 4 * 1024 * 1024,
  /** One block: a key picture of an 80 Mbit/s film is 3 MB. */
  block: 64 * 1024 * 1024,
  /** Nesting of EBML elements and boxes; real files have 7. */
  depth: 16,
  /** Elements in one master element that is read whole; an 8 h Cues has 60 000. */
  elements: 2_000_000,
  /** Read behind the head for the first frame of a track that needs one: 0.4 s of 80 Mbit/s, all tracks of a film began. */
  firstFrames: 4 * 1024 * 1024,
  /** Bytes without sense before the structure of a file: what a broken download or a wrapper puts there. */
  leadingGarbage: 64 * 1024,
  /** Stages that one frame was put through before it was stored; real files have 1. */
  contentEncodings: 4,
  /** Chapters, attachments and tags that are told: a season in one file has some hundred. */
  listed: 1000,
  /** Tracks of a file; the largest seen has 60 subtitle tracks. */
  tracks: 256,
  /** Interleave window. */
  interleaveSeconds: 10,
  interleaveBytes: 16 * 1024 * 1024,
  /** Segments of a title: 24 h of two-second segments. */
  segments: 50_000,
  /** Seconds that one title may last: 10 days, past which a broken duration is the likelier reason. */
  durationSeconds: 864_000,
  /** Texts of one segment with what each costs beside its bytes: scripts that draw with letters have 2 MB. */
  texts: 16 * 1024 * 1024,
  /** Silent frames that fill one segment. */
  fillFrames: 100_000,
  /** Finished segments of a title that can only be read in order, for each pass over it: 60 s at 8 Mbit/s. */
  liveWindow: 64 * 1024 * 1024,
  /** Those of all such titles together: each pass gets an equal share, so that fewer hold more. */
  liveWindows: 256 * 1024 * 1024,
  /** Passes at a time over such titles: a sixteenth of the whole is 16 s at 8 Mbit/s. */
  livePasses: 16,
  /** Packets that wait for the end of their segment in one pass: a large one's pictures, and as much sound again. */
  liveWaiting: 128 * 1024 * 1024,
  /** Milliseconds that a viewer waits for a segment that is being made: players ask again after that. */
  liveWait: 20_000,
  /** Milliseconds that a list is held back until it has a new segment: hls.js waits 10 s for an answer. */
  liveListWait: 8000,
  /** Milliseconds without a request after which such a title is let go: a paused player asks every ten seconds. */
  liveIdle: 30_000,
  /** Attachments and other elements are skipped, never read; this many hops while looking for the first cluster. */
  elementHops: 64,
  // sources
  /** Times that one read waits for a silent upstream in vain: bytes in between do not make it livelier. */
  timeouts: 2,
  /** Redirects followed before a chain is taken for a loop; browsers give up at 20, curl at 50. */
  redirects: 10,
  /** Attempts of one read without a byte of progress, and over the whole read of a server that drops every MB. */
  attempts: 4,
  retries: 200,
  /** Milliseconds that a Retry-After can hold a viewer. */
  retryAfter: 10_000,
  /** Bodies of servers that ignore ranges, kept in memory, all titles together: two of the largest. */
  wholeBodies: 128 * 1024 * 1024,
  /** Prefix kept of each source to recognise it behind another URL. */
  identityHead: 64 * 1024,
  /** Rest of an unwanted body that is read to keep its connection; more is cut off. */
  drain: 64 * 1024,
  /** Arrived bytes of one answer that nobody took yet, above which its socket is paused. */
  socketBuffer: 256 * 1024,
  /** Origins with a connection pool: bounds what a title that redirects everywhere can hold. */
  origins: 256,
  /** Request headers of a caller, as text. */
  headerText: 16 * 1024,
  /** One cached piece of a source; small enough to evict finely, large enough that a 3 MB picture lies in few. */
  extent: 1024 * 1024,
  /** How far a shared fetch runs ahead of its fastest reader: one segment at 16 Mbit/s, and the reach within which a reader joins it. */
  readAhead: 8 * 1024 * 1024,
  /** Holes of one read that are fetched at once; browsers open six connections to a host. */
  holes: 4,
  // uploads
  /** Uploads received at a time: each holds what waits between its sender and who reads it. */
  uploadsAtOnce: 16,
  /** Arrived bytes that nobody took yet, above which the sender is made to wait: 8 ms at 1 Gbit/s. */
  uploadAhead: 1024 * 1024,
  /** Parts of a form, the file among them; a page's form has some ten. */
  uploadParts: 100,
  /** Header lines of one part and their bytes: a file name of 255 characters, each of them escaped, is 2.3 kB. */
  uploadHeaderLines: 32,
  uploadHeader: 16 * 1024,
  /** Value of one field, which is not used. */
  uploadField: 64 * 1024,
  /** All of a form that is not the file: its other parts, and what stands before and behind them. */
  uploadAround: 1024 * 1024,
  /** Milliseconds until the file has begun in a form: fields are typed before they are sent. */
  uploadHead: 30_000,
  /** A sender who is not made to wait brings so many bytes in so many milliseconds: sound at 32 kbit/s is 15 times that. */
  uploadPace: 4096,
  uploadPaceTime: 15_000,
  /** Milliseconds that one upload may take: a film that is watched as it comes, with a night's pause. */
  uploadTime: 24 * 3600 * 1000,
  /** Rest of a refused upload that is read so that the refusal reaches its sender: what is under way when it leaves. */
  uploadDrop: 16 * 1024 * 1024,
  uploadDropTime: 3000,
  /** Gathered for one write to the disk: a file system call costs some 20 µs. */
  uploadWrite: 1024 * 1024,
} as const;

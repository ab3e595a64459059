/** Rules that the checker cannot judge on a file, and why: they are ignored there and nowhere else. */
export const NOT_JUDGED = {
  'derived/long_cues_end_362s.mkv': {
    // ffprobe gives laced frames whole milliseconds (21, 21, 22 …) where the frame lasts 21.333: up to 2.3 ms off the
    // exact grid. The same packets without lacing (mkvmerge --disable-lacing) pass.
    'src-pts': 'laced frames are stamped in whole milliseconds by ffprobe',
    // Every packet of the track is the same silent frame, so silence put behind its end looks like a repeated packet.
    'src-dup': 'all packets of the track are equal, fill cannot be told from them',
  },
};

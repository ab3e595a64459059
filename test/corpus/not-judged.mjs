/** Rules that the checker cannot judge on a file, and why: they are ignored there and nowhere else. */
export const NOT_JUDGED = {
  'androidx+media/libraries/test_data/src/test/assets/media/mka/bear-flac-32bit.mka': {
    decode: 'ffmpeg 5.1 does not know FLAC of 32 bits a sample; the source fails in the same way',
    'tc-duration':
      'nothing in the container tells how long the last packet is: it ends where its frame header says',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/mka/bear-alac.mka': {
    'tc-duration': 'nothing in the container tells how long the last packet is: it ends where its frame says',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/ts/sample_ac3.ts': {
    'src-missing': 'ffprobe counts the end of a frame that began before the file as a packet',
    'src-pts': 'and gives it the stamp of the first frame that begins in it (ISO/IEC 13818-1, 2.4.3.7)',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/ts/sample_dts_hd_across_pes.ts': {
    'tc-decode': 'one frame of DTS is all there is, and ffprobe takes it for MP3',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/ts/sample_ait.ts': {
    'src-missing': 'ffprobe counts the beginning of a frame that the file ends in as a packet',
  },
  'derived/m2ts192_h264_ac3.m2ts': {
    decode: 'the source fails in the same way: expacc out of range',
  },
  'shaka-project+shaka-player/test/test/assets/hls-ts-muxed-opus-h264-2880/segment.ts': {
    'tc-lag':
      'sound begins 19.000 ms after the pictures and is heard there, 912 samples at its start and end; the checker wants it at once',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/mkv/sample_with_opus_audio.mkv': {
    'tc-decode':
      'three packets are all there is: ffmpeg decodes the three frames made of them, the checker wants more',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/mkv/sample_with_pgs_subtitles.mkv': {
    // All 30 pictures lie within 50 ms, and ffmpeg's null output counts in steps that hold several of them.
    decode: 'the source says 600 pictures a second, and means it',
  },
  'derived/hevc_hdr10_flac_srt.mkv': {
    'src-pts': 'laced frames are stamped in whole milliseconds by ffprobe',
  },
  'derived/hevc_truehd_aac_pgs.mkv': {
    'src-pts': 'laced frames are stamped in whole milliseconds by ffprobe',
  },
  'webmproject+libwebm/testing/testdata/bbb_480p_vp9_opus_1second.webm': {
    // libavformat before 59.30.101 did not put the delay into the stamps; ffprobe subtracts it from those of the audio
    // alone and shows it 7 ms early.
    'src-av-offset': 'ffprobe takes CodecDelay of old libavformat files at its word',
  },
  'derived/long_cues_end_362s.mkv': {
    // ffprobe gives laced frames whole milliseconds (21, 21, 22 …) where the frame lasts 21.333: up to 2.3 ms off the
    // exact grid. The same packets without lacing (mkvmerge --disable-lacing) pass.
    'src-pts': 'laced frames are stamped in whole milliseconds by ffprobe',
    // Every packet of the track is the same silent frame, so silence put behind its end looks like a repeated packet.
    'src-dup': 'all packets of the track are equal, fill cannot be told from them',
  },
};

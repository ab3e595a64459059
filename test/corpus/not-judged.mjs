const TORSO = { 'src-missing': 'ffprobe counts the beginning of a frame that the file ends in as a packet' };
const GARBAGE = { 'src-missing': 'ffprobe counts what stands behind the last frame as a packet' };
const RAW_STAMPS = {
  'src-pts': 'ffprobe stamps bare frames by their length rounded to 90 kHz, which drifts',
};
const SHORT_END = {
  'src-missing':
    'the table tells that less than half of the last frame is heard; it is copied, and the checker takes it for fill',
};

/** Rules that the checker cannot judge on a file, and why: they are ignored there and nowhere else. */
export const NOT_JUDGED = {
  'mozilla+mp4parse-rust/mp4parse_capi/tests/opus_audioinit_two_desc.mp4': {
    'src-missing': 'the first packet of the second fragment is no Opus packet',
    'extinf-sum': 'and tells of a length that no other one has',
  },
  'derived/moov_at_end_362s.mp4': {
    'src-dup': 'all packets of the track are equal, fill cannot be told from them',
  },
  'joeyparrish+shaka-packager/packager/media/test/data/bear-320x180.mp4': {
    'src-dup': 'the table has the last frame last two: a frame of silence stands for the second',
  },
  'Borewit+music-metadata/test/samples/mp4/issue-133.m4a': TORSO,
  'Borewit+music-metadata/test/samples/mp4/issue-318.m4a': TORSO,
  'Borewit+music-metadata/test/samples/mp4/issue-74.m4a': TORSO,
  'Borewit+music-metadata/test/samples/aac/adts-mpeg4.aac': TORSO,
  'Vanilagy+mediabunny/test/public/annex-b.mp4': TORSO,
  'androidx+media/libraries/test_data/src/test/assets/media/ts/sample.ac3': TORSO,
  'androidx+media/libraries/test_data/src/test/assets/media/ts/sample_cbs_truncated.adts.aac': TORSO,
  'androidx+media/libraries/test_data/src/test/assets/media/mp3/bear-cbr-no-seek-table-trailing-garbage.mp3':
    GARBAGE,
  'androidx+media/libraries/test_data/src/test/assets/media/mp3/bear-id3-numeric-genre.mp3': GARBAGE,
  'androidx+media/libraries/test_data/src/test/assets/media/mp3/test-cbr-info-header-trailing-garbage.mp3':
    GARBAGE,
  'joeyparrish+shaka-packager/packager/app/test/testdata/avc-ts-ac3-packed-audio-with-encryption/bear-640x360-ac3-audio-2.ac3':
    RAW_STAMPS,
  'joeyparrish+shaka-packager/packager/app/test/testdata/avc-ts-ac3-packed-audio-with-encryption/bear-640x360-ac3-audio-3.ac3':
    RAW_STAMPS,
  'joeyparrish+shaka-packager/packager/app/test/testdata/ec3-packed-audio-encrypted/bear-640x360-ec3-audio-1.ec3.eac3':
    RAW_STAMPS,
  'joeyparrish+shaka-packager/packager/media/test/data/bear.ac3': RAW_STAMPS,
  'sannies+mp4parser/examples/src/main/resources/count-english.ac3': RAW_STAMPS,
  'Borewit+music-metadata/test/samples/rating/testcase.m4a': SHORT_END,
  'Eyevinn+mp4ff/mp4/testdata/ed_hevc.mp4': SHORT_END,
  'SubtitleEdit+subtitleedit/tests/libse/Files/sample_MP4_SRT.mp4': SHORT_END,
  'androidx+media/libraries/test_data/src/test/assets/media/mp4/bt601.mov': SHORT_END,
  'androidx+media/libraries/test_data/src/test/assets/media/mp4/bt601.mp4': SHORT_END,
  'androidx+media/libraries/test_data/src/test/assets/media/mp4/long_edit_list_audioonly.mp4': SHORT_END,
  'androidx+media/libraries/test_data/src/test/assets/media/mp4/sample_alac.mp4': {
    ...SHORT_END,
    'tc-duration': 'ffprobe has the last packet end where the sound would without the empty edit before it',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/drm/sample_fragmented_widevine.mp4': {
    'src-stream': 'ffprobe gives no packet of the sound, which is not encrypted',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/flac/bear_32bit.flac': {
    decode: 'ffmpeg 5.1 does not know FLAC of 32 bits a sample; the source fails in the same way',
    'tc-decode': 'the same',
    'tc-duration': 'nor does it tell when the source ends',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/mp4/sample_ac3_aac.mp4': {
    bandwidth: 'sound only, two tracks: the checker adds up both, of which one is played',
    'average-bandwidth': 'the same',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/mp4/sample_with_invalid_nalu.mp4': {
    'src-payload': 'an empty NAL unit, on which ffmpeg fails, is left out of one picture',
    'src-missing': 'the same picture',
  },
  'androidx+media/libraries/test_data/src/test/assets/media/mp4/sample_with_vobsub.mp4': {
    'src-pts': 'stamps of whole milliseconds were taken over from Matroska: frames lie on their grid again',
    'src-av-offset': 'the grid lies in the middle of what the stamps allow',
    decode: 'pictures 1 ms apart: the null output counts in steps that hold several of them',
  },
  'joeyparrish+shaka-packager/packager/app/test/testdata/avc-ts-aac-packed-audio-with-encryption/bear-640x360-audio-2.aac':
    { 'tc-duration': 'encrypted where nothing says so: ffmpeg decodes nothing of the source' },
  'joeyparrish+shaka-packager/packager/media/test/data/BigBuckBunny_10s.ismv': {
    'src-av-offset': 'ffprobe does not read tfxd, by which pictures begin at 0 and sound 21.3 ms before',
  },
  'joeyparrish+shaka-packager/packager/media/test/data/bear-640x360-av_frag.mp4': {
    'src-payload':
      'data offsets of the second track count from the fragment though nothing says so: ffprobe reads other bytes',
    'src-missing': 'the same',
  },
  'membraneframework+membrane_mp4_plugin/test/fixtures/isom/ref_aac_fast_start_sr_22050.mp4': {
    'audio-grid': 'frames of 1024 samples at 22 050 Hz that the table has last 512',
    'extinf-sum': 'the same',
  },
  'membraneframework+membrane_mp4_plugin/test/fixtures/isom/ref_video_variable_parameters.mp4': {
    'cts-missing': 'nor does the source have composition offsets',
  },
  'mozilla+mp4parse-rust/mp4parse_capi/tests/chunk_out_of_range.mp4': {
    'src-stream': 'ffprobe gives no packet',
  },
  'mozilla+mp4parse-rust/mp4parse_capi/tests/no_timescale.mp4': {
    'src-missing': 'eleven pictures are damaged: the lengths of their NAL units do not add up',
    'frame-rate': 'and are counted by it',
  },
  'sannies+mp4parser/examples/src/main/resources/count-video.mp4': {
    decode: 'pictures at uneven times: the null output counts in steps that hold several of them',
  },
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

"""playbin3 without a screen: a line of JSON on standard input asks or commands, a line on standard output answers."""

import array
import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

RATE = 48000
SOUND = f"audioconvert ! audioresample ! audio/x-raw,format=S16LE,channels=1,rate={RATE} ! fakesink name=ear sync=true signal-handoffs=true"
PICTURE = "videoconvert ! fakesink name=eye sync=true signal-handoffs=true"


class Player:
    def __init__(self, uri):
        Gst.init(None)
        self.frames = self.samples = self.tone = self.width = 0
        self.last = 0.0
        self.is_ended = False
        self.fatal = None
        self.complaints = []
        self.streams = {}
        self.bin = Gst.ElementFactory.make("playbin3")
        self.bin.set_property("uri", uri)
        for kind, line, name, handler in (
            ("audio-sink", SOUND, "ear", self.hear),
            ("video-sink", PICTURE, "eye", self.see),
        ):
            sink = Gst.parse_bin_from_description(line, True)
            sink.get_by_name(name).connect("handoff", handler)
            self.bin.set_property(kind, sink)
        self.loop = GLib.MainLoop()
        bus = self.bin.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.message)
        self.bin.set_state(Gst.State.PLAYING)

    def hear(self, _sink, buffer, _pad):
        samples = array.array("h", buffer.extract_dup(0, buffer.get_size() & ~1))
        crossings = sum((a < 0) != (b < 0) for a, b in zip(samples, samples[1:]))
        if len(samples) >= 256:
            self.tone = 0.7 * self.tone + 0.3 * crossings * RATE / len(samples) / 2
        self.samples += len(samples)

    def see(self, _sink, _buffer, pad):
        self.frames += 1
        self.width = pad.get_current_caps().get_structure(0).get_value("width")

    def message(self, _bus, message):
        if message.type == Gst.MessageType.ERROR:
            error, debug = message.parse_error()
            self.fatal = f"{error.message}: {debug}"
        elif message.type == Gst.MessageType.WARNING:
            error, debug = message.parse_warning()
            self.complaints.append(f"{error.message}: {debug}")
        elif message.type == Gst.MessageType.EOS:
            self.is_ended = True
        elif message.type == Gst.MessageType.STREAM_COLLECTION:
            collection = message.parse_stream_collection()
            self.streams = [collection.get_stream(i) for i in range(collection.get_size())]
        elif message.type == Gst.MessageType.BUFFERING:
            percent = message.parse_buffering()
            self.bin.set_state(Gst.State.PLAYING if percent == 100 else Gst.State.PAUSED)

    def seek(self, time):
        self.is_ended = False
        flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE
        if not self.bin.seek_simple(Gst.Format.TIME, flags, int(time * Gst.SECOND)):
            self.complaints.append("seek refused")

    def speak(self, language):
        chosen = []
        for stream in self.streams:
            tags = stream.get_tags()
            known, code = tags.get_string("language-code") if tags else (False, "")
            if stream.get_stream_type() & Gst.StreamType.VIDEO or (known and code.startswith(language)):
                chosen.append(stream.get_stream_id())
        self.bin.send_event(Gst.Event.new_select_streams(chosen))

    def codecs(self):
        tags = [stream.get_tags() for stream in self.streams]
        found = [t.get_string(name) for t in tags if t for name in ("video-codec", "audio-codec")]
        return ", ".join(sorted({text for known, text in found if known}))

    def status(self):
        known, time = self.bin.query_position(Gst.Format.TIME)
        if known:
            self.last = time / Gst.SECOND
        known, duration = self.bin.query_duration(Gst.Format.TIME)
        return {
            "time": self.last,
            "duration": duration / Gst.SECOND if known else None,
            "isSeeking": False,
            "isEnded": self.is_ended,
            "width": self.width,
            "frames": self.frames,
            "audio": self.samples,
            "tone": round(self.tone),
            "codecs": self.codecs(),
            "fatal": self.fatal,
            "complaints": list(dict.fromkeys(self.complaints)),
        }

    def command(self, name, args):
        print(json.dumps(getattr(self, name)(*args)), flush=True)
        return False


def main():
    player = Player(sys.argv[1])

    def read():
        for line in sys.stdin:
            name, *args = json.loads(line)
            GLib.idle_add(player.command, name, args)
        GLib.idle_add(player.loop.quit)

    threading.Thread(target=read, daemon=True).start()
    player.loop.run()
    player.bin.set_state(Gst.State.NULL)


main()

"""What is ffmpeg asked to do? Its arguments, as a list: there is no shell, and no text of others becomes an option."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..errors import ConfigurationError
from ..room_info import Stream
from .choice import check_choice, is_safe_url
from .targets import Target

PROTOCOLS = "http,https,tcp,tls,crypto,httpproxy"
"""What a stream may be read by. Not `file`: a playlist must not name files of this machine."""
_LONGEST_WAIT = 10**18
"""Microseconds, 30,000 years: ffmpeg refuses a limit that does not fit into 63 bits."""
_DEMUXERS = {"flv": "flv", "hls": "hls"}
Options = tuple[str, ...]


@dataclass(frozen=True)
class RecordingOptions:
    """What is wanted of a recording. Times are in seconds.

    The `*_options` and the options in `extra_*` are handed to ffmpeg as they are: never make them of text from others.
    """

    quality: str = "origin"
    """`origin`, `uhd`, `hd`, `sd`, `ld` or `audio`; the nearest one stands in for one that is missing."""
    source: str = "flv"
    """`flv`, `hls` or `cmaf`: how TikTok's servers send it."""
    target: str | None = None
    """Kind of the file, such as `mp4`; by default that of the path's ending."""
    duration: float | None = None
    """Stop when this much video is recorded; `None`: when the room ends."""
    transcode: bool = False
    """Encode anew, rather than copying what TikTok sends."""
    overwrite: bool = False
    """Replace the file if it is there."""
    join: bool = True
    """Whether segments that match become one file at the end."""
    input_options: Options = ()
    output_options: Options = ()
    global_options: Options = ()
    extra_inputs: tuple[tuple[str, Options], ...] = ()
    """More files or addresses to read, each with its options."""
    extra_outputs: tuple[tuple[str, Options], ...] = ()
    """More files to write, each with its options. Each segment writes some of its own, named like the segment's."""
    tries: int = 10
    """Tries in a row to find the stream again while the room is live."""
    retry_delay: float = 1.0
    """Before the second of these tries; each further one waits twice as long, 15 at the most."""
    stall: float = 30.0
    """Nothing new in the file for this long: the stream is asked for anew."""
    first_frame: float = 5.0
    """How long a stop waits for the first frame, so that the file plays."""
    quit_within: float = 10.0
    """How long ffmpeg may take to finish the file when asked; then it is terminated."""
    terminate_within: float = 3.0
    """How long it may take then; after that it is killed."""

    def __post_init__(self) -> None:
        check_choice(self.quality, self.source)
        if self.duration is not None and not 0 < self.duration < math.inf:
            raise ConfigurationError(f"A duration is positive seconds, not {self.duration}")
        for name in ("retry_delay", "stall", "first_frame", "quit_within", "terminate_within"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigurationError(f"RecordingOptions.{name} is seconds, not {getattr(self, name)}")
        if self.tries < 0:
            raise ConfigurationError("RecordingOptions.tries must be 0 or more")


@dataclass(frozen=True)
class Way:
    """How ffmpeg gets to the network."""

    user_agent: str = ""
    proxy: str = field(default="", repr=False)
    """An http proxy; ffmpeg knows no other kind. There may be a password in it."""
    ca_file: str = ""
    """Certificates to trust (PEM)."""
    read_timeout: float = 15.0


def record_arguments(
    stream: Stream,
    path: str,
    target: Target,
    *,
    options: RecordingOptions = RecordingOptions(),
    limit: float | None = None,
    watch: bool = True,
    way: Way = Way(),
) -> list[str]:
    """Return the arguments, without the program itself, that record a stream until `limit` seconds or `q` on stdin.

    With `watch` the key frames are decoded too, so that a change of the picture's size is told; and for what is copied
    from FLV, ffmpeg tells the checksums of how it is encoded, so that any other change of it is noticed too. A copy
    would go on in the old way, and decode to rubbish from there on.

    Raises:
        ConfigurationError: The target needs `transcode`, or a path or an address is none.
    """
    if not is_safe_url(stream.url):
        raise ConfigurationError("The stream's address is no http address")
    picture = watch and not target.audio_only and stream.quality != "audio"
    setup = watch and stream.format == "flv" and target.copies and not options.transcode
    arguments = ["-hide_banner", "-nostats", "-loglevel", "level+info", "-progress", "pipe:1", "-stats_period", "0.25"]
    arguments += ["-y", *options.global_options, *_network(stream.url, way)]
    if picture and not options.transcode:
        # For the decoder alone: what is copied does not pass through it.
        arguments += ["-skip_frame", "nokey"]
    if stream.format in _DEMUXERS:
        arguments += ["-f", _DEMUXERS[stream.format]]
    if not options.transcode:
        # What is copied needs no frame rate found out: measured, 4 s less before the first frame is written.
        arguments += ["-fpsprobesize", "4"]
    arguments += [*options.input_options, "-i", stream.url]
    for name, own in options.extra_inputs:
        arguments += [*own, "-i", _named(name)]
    arguments += _output(path, target, options, limit, stream)
    for name, own in options.extra_outputs:
        arguments += [*_limit(limit), *own, _named(name)]
    if picture:
        arguments += ["-map", "0:v:0", "-vf", "select=key,showinfo=checksum=0"]
        arguments += [*_limit(limit), "-f", "null", "pipe:2"]
    if setup:
        streams = ["-map", "0:a:0?"] if target.audio_only else ["-map", "0:v:0?", "-map", "0:a:0?"]
        arguments += [*streams, "-c", "copy", *_limit(limit), "-hash", "CRC32"]
        arguments += ["-flush_packets", "1", "-f", "framehash", "pipe:2"]
    return arguments


def record_environment(way: Way) -> dict[str, str]:
    """Return what ffmpeg's environment must hold: the proxy, as anybody on the machine can read a program's arguments.

    Raises:
        ConfigurationError: The proxy is none that ffmpeg can use.
    """
    if not way.proxy:
        return {}
    if not is_safe_url(way.proxy) or not way.proxy.startswith("http://"):
        raise ConfigurationError("ffmpeg can use an http:// proxy only: record without the proxy, or with such a one")
    return {"http_proxy": way.proxy}


def join_arguments(list_path: str, path: str, target: Target) -> list[str]:
    """Return the arguments that join the files of a concat list into one, without encoding anew."""
    inputs = ["-f", "concat", "-safe", "0", "-protocol_whitelist", "file", "-i", file_argument(list_path)]
    return [*_quiet(), *inputs, "-map", "0", "-c", "copy", *target.options, "-f", target.muxer, file_argument(path)]


def trim_arguments(source: str, path: str, target: Target, seconds: float) -> list[str]:
    """Return the arguments that copy the first `seconds` of a file."""
    inputs = ["-protocol_whitelist", "file", "-i", file_argument(source)]
    output = ["-map", "0", "-c", "copy", "-t", f"{seconds:.3f}", *target.options, "-f", target.muxer]
    return [*_quiet(), *inputs, *output, file_argument(path)]


def concat_list(paths: list[str]) -> str:
    """Return the text of a concat list: each path quoted, none of them read as an address.

    Raises:
        ConfigurationError: A path holds a line break, which such a list cannot.
    """
    if any(character in path for path in paths for character in "\r\n\0"):
        raise ConfigurationError("Files whose paths hold a line break cannot be joined")
    lines = ["file '" + file_argument(path).replace("'", "'\\''") + "'\n" for path in paths]
    return "ffconcat version 1.0\n" + "".join(lines)


def file_argument(path: str) -> str:
    """Return a path as ffmpeg must be given it: with `file:` before it, it is neither an option nor an address.

    Raises:
        ConfigurationError: It is empty, or holds a zero byte.
    """
    if not path or "\0" in path:
        raise ConfigurationError(f"{path!r} is no path")
    return f"file:{path}"


def _quiet() -> list[str]:
    return ["-hide_banner", "-nostats", "-nostdin", "-loglevel", "level+error", "-y"]


def _network(url: str, way: Way) -> list[str]:
    patience = int(min(way.read_timeout * 1_000_000, _LONGEST_WAIT))
    found = ["-protocol_whitelist", PROTOCOLS, "-rw_timeout", str(patience)]
    if way.user_agent and way.user_agent.isascii() and way.user_agent.isprintable() and way.user_agent[0] != "-":
        found += ["-user_agent", way.user_agent]
    if url.startswith("https://"):
        # ffmpeg believes any certificate unless it is told not to.
        found += ["-tls_verify", "1"]
        if way.ca_file:
            found += ["-ca_file", f"./{way.ca_file}" if way.ca_file[0] == "-" else way.ca_file]
    return found


def _output(path: str, target: Target, options: RecordingOptions, limit: float | None, stream: Stream) -> list[str]:
    if not (target.copies or target.audio_only or options.transcode):
        raise ConfigurationError(f"{target.name} cannot hold TikTok's own codecs: ask for transcoding, or for mp4")
    copy = target.copies and not options.transcode
    codecs = ["-c", "copy"] if copy else list(target.encoder)
    if copy and stream.format != "flv" and target.muxer in ("mp4", "mov", "ipod"):
        # Fragmented files need it said; ffmpeg finds out by itself for whole ones only.
        codecs += ["-bsf:a", "aac_adtstoasc"]
    picture = ["-vn"] if target.audio_only else []
    output = [*picture, "-sn", "-dn", *codecs, *target.options, *_limit(limit), *options.output_options]
    # On the disk at once: a crash loses as little as can be, and a full disk is noticed.
    return [*output, "-flush_packets", "1", "-f", target.muxer, file_argument(path)]


def _limit(limit: float | None) -> list[str]:
    return [] if limit is None else ["-t", f"{max(limit, 0.1):.3f}"]


def _named(name: str) -> str:
    return name if is_safe_url(name) else file_argument(name)

"""`download` and `stop_download`, as in 2023."""

from __future__ import annotations

import threading
from enum import Enum
from pathlib import Path

import pytest
from recordings import Plays, needs_ffmpeg, until_gone

from tiktok_webcast.config import Endpoints
from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.recording import End, RecordingOptions
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast_transports import (
    AlreadyDownloadingStream,
    DownloadProcessNotFound,
    NotDownloadingStream,
    TikTokLiveClient,
)
from tiktok_webcast_transports._download import options_from
from tiktok_webcast_transports.simulator import Simulator


class VideoQuality(Enum):
    """As programs of 2023 have it."""

    HD = "hd"


def client_of(sim: Simulator) -> TikTokLiveClient:
    where = Endpoints(web=sim.url, webcast=sim.url, sign=sim.url)
    return TikTokLiveClient("ann", config=SessionConfig(endpoints=where))


@needs_ffmpeg
def test_download_and_its_errors(tmp_path: Path) -> None:
    with Simulator("everyday") as sim:
        client = client_of(sim)
        with pytest.raises(NotDownloadingStream):
            client.stop_download()
        assert client.ffmpeg is None
        path, begun = tmp_path / "a.mkv", threading.Event()
        path.write_bytes(b"replaced, as in 2023")
        client.download(
            str(path), quality=VideoQuality.HD, options=RecordingOptions(source="hls", overwrite=True),
            on_progress=lambda download: begun.set() if download.seconds else None,
        )  # fmt: skip
        with pytest.raises(AlreadyDownloadingStream):
            client.download(str(path))
        assert begun.wait(60) and client.ffmpeg is not None and client.ffmpeg.process is not None
        client.stop_download()
        result = client.ffmpeg.wait(60)
        assert result is not None and result.end is End.STOPPED and not client.downloading
        assert Plays(path).sizes == [(320, 180)]
        download = client.download(str(path), duration=2, outputs={str(path): "-c:v libx264"}, loglevel="quiet")
        with pytest.raises(DownloadProcessNotFound):
            client.stop_download()
        assert download.join(60)
        until_gone(path)


def test_parameters_of_2023() -> None:
    options = options_from(
        RecordingOptions(), "a.mp4", duration=0, quality=VideoQuality.HD, global_options={"-threads 2"},
        inputs={"": "-re", "logo.png": None}, outputs={"a.mp4": "-c copy", "b.ts": ["-c", "copy"]},
    )  # fmt: skip
    assert options.duration is None and options.quality == "hd" and options.global_options == ("-threads", "2")
    assert (
        options_from(options, "a", duration=1, quality="AO", global_options=(), inputs={}, outputs={}).quality
        == "audio"
    )
    assert options.input_options == ("-re",) and options.extra_inputs == (("logo.png", ()),)
    assert options.output_options == ("-c", "copy") and options.extra_outputs == (("b.ts", ("-c", "copy")),)
    with pytest.raises(ConfigurationError, match="loglevel is one of"):
        TikTokLiveClient("ann").download("a.mp4", loglevel="loud")

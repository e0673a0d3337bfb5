"""PyInstaller: what `import tiktok_webcast_transports` needs later on; the simulator's clips are files."""

from PyInstaller.utils.hooks import (
    collect_data_files,
    collect_submodules,
)

from tiktok_webcast_transports._frozen import LEFT_OUT

hiddenimports = collect_submodules("tiktok_webcast_transports", filter=lambda name: name not in LEFT_OUT)
datas = collect_data_files("tiktok_webcast_transports", includes=["clips/*"])

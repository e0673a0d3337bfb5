"""PyInstaller: what `import tiktok_webcast` needs later on."""

from PyInstaller.utils.hooks import collect_submodules

hiddenimports = collect_submodules("tiktok_webcast")

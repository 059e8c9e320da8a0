"""Where this machine keeps its files of streets; made from PostGIS, shared by its processes, never backed up."""

from __future__ import annotations

from geo.files import keep_files_in
from services.settings import settings


def keep_on_this_host() -> None:
    """Let the engine keep its files where this machine's settings say (YINLING_NETWORK_FILES_DIR)."""
    keep_files_in(settings().network_files_dir)

"""Measurements to publish: each module has `run() -> list[Row]` and is started by `bin/bench NAME`."""

"""`bin/yinling messages --last 10`: what the fake carriers carried, one-time codes included."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.clock import SHANGHAI
from services.messages.fake_carrier import received

_console = Console()
CHANNELS = {"sms": "短信", "wechat": "微信"}


def messages(last: Annotated[int, typer.Option("--last", min=1, max=1000, help="最近几条")] = 10) -> None:
    """Show the newest texts and WeChat messages that the fake carriers received, oldest first."""
    table = Table("时间", "通道", "收件人", "内容")
    for parcel in reversed(received(last)):
        at = parcel.received_at.astimezone(SHANGHAI)
        table.add_row(f"{at:%m-%d %H:%M:%S}", CHANNELS[parcel.channel], parcel.to_label, parcel.body)
    _console.print(table)


command = messages

"""How a message to a platform is signed, how long the house waits after a failure, and which addresses it may call.

Signing follows Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body` with the bytes behind `whsec_`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

GAPS = tuple(
    timedelta(seconds=seconds) for seconds in (30, 120, 600, 1_800, 7_200, 18_000, 36_000, 50_400)
)  # fmt: skip
"""The wait after the first, second... failure in a row; after the last gap's try has failed too, it is paused."""
MOST_FAILURES = len(GAPS) + 1
BOTH_VALID = timedelta(days=1)
PORTS = (443, 8443)
PREFIX = "whsec_"
LONGEST_URL = 500
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAME = re.compile(r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_METADATA = frozenset({"100.100.100.200", "168.63.129.16", "fd00:ec2::254", "169.254.169.254"})


def split_address(url: str) -> tuple[str, int, str]:
    """Give (name, port, path with query) of an address the house may call; ValueError says what is wrong with it.

    Only https to a name (never a bare number, whose certificate proves nobody), ports 443 and 8443, no user in it.
    """
    if len(url) > LONGEST_URL or any(ord(sign) <= 32 or ord(sign) > 126 or sign == "\\" for sign in url):
        raise ValueError("signs")
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise ValueError("scheme")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("user")
    name = (parts.hostname or "").lower()
    if not _NAME.match(name) or name.endswith((".localhost", ".local", ".internal")):
        raise ValueError("name")
    port = parts.port or 443  # raises ValueError itself for what is no port
    if port not in PORTS:
        raise ValueError("port")
    return name, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def may_call(told: str, allowed: Sequence[Network] = ()) -> bool:
    """Tell whether the house may call a resolved address: public ones, and private networks its owner named.

    Never loopback, link-local, multicast, unspecified or a cloud's metadata service, whatever was named; an IPv4
    address dressed as IPv6 is judged as what it is.
    """
    try:
        address = _undressed(ipaddress.ip_address(told.partition("%")[0]))
    except ValueError:
        return False
    if str(address) in _METADATA or address.is_loopback or address.is_link_local or address.is_multicast:
        return False
    if address.is_unspecified or (isinstance(address, ipaddress.IPv4Address) and address.is_reserved):
        return False
    return address.is_global or any(address in network for network in allowed if network.version == address.version)


def _undressed(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    hidden = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    return hidden or address


def networks_of(told: str) -> tuple[Network, ...]:
    """Read `10.20.0.0/16,fd12::/48` as the machine's owner wrote it; ValueError for what is no network."""
    return tuple(ipaddress.ip_network(one.strip()) for one in told.split(",") if one.strip())


def sign(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Give the three headers of a message; one signature for each secret that is valid now, apart by a space."""
    stamp = str(int(at.timestamp()))
    signed = f"{message_id}.{stamp}.".encode() + body
    told = [base64.b64encode(hmac.new(_key(one), signed, hashlib.sha256).digest()).decode() for one in secrets]
    return {
        "webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": " ".join(f"v1,{one}" for one in told),
    }  # fmt: skip


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX))


def new_secret(random: bytes) -> str:
    """Write 32 random bytes as a secret to hand over."""
    return PREFIX + base64.b64encode(random).decode()


def wait_after(failures: int) -> timedelta | None:
    """Give the wait after so many failures in a row (1 and more); None: enough, a person has to look."""
    return GAPS[failures - 1] if failures <= len(GAPS) else None


def place(cursor: str) -> tuple[int, int]:
    """Give a cursor's place, to compare two of them."""
    written_in, _, number = cursor.partition(".")
    return int(written_in), int(number)

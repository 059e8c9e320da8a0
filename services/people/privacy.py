"""Phone, ID number, address and health are sealed per field; what is shown is masked unless somebody must see it.

Each sealed value carries its key's id (`k1.`…): the ring of `YINLING_FIELD_KEY_IDS` opens every value under any of its
keys and seals new ones under the first (docs/privacy.md). A certified cipher module (密评) can be plugged in behind the
same two functions. Cipher: AES-256-GCM with the purpose as associated
data, so a sealed phone number cannot be passed off as an address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.errors import Invalid
from services.settings import settings


class SealBroken(Invalid):
    """A sealed value was altered, or sealed for another purpose or with a key this machine lacks."""

    message_zh = "加密数据无法读取，请联系系统管理员。"


LOOKED_UP = frozenset({"phone", "id_number", "openid"})
"""What is found by a hash of itself. It has a key of its own, so that tokens and door plates outlive a change of it."""


@lru_cache(maxsize=16)
def _cipher(key_id: str, purpose: str, secret: str) -> AESGCM:
    return AESGCM(settings().ring_secret(key_id, purpose))


@lru_cache(maxsize=64)
def _hash_key(purpose: str, secret: str) -> bytes:
    if purpose in LOOKED_UP:
        return settings().lookup_secret(purpose)
    return settings().derived_secret(f"look-up:{purpose}")


def ring_cipher(key_id: str, use: str = "field") -> AESGCM:
    """Give the cipher of one key of the ring, for fields or for files. Raises SealBroken for a key not on the ring."""
    if key_id not in settings().ring():
        raise SealBroken(key_id=key_id)
    return _cipher(key_id, use, _given())


def newest_key() -> str:
    """Give the id of the key that new values are sealed under."""
    return settings().ring()[0]


def _given() -> str:
    """Everything a key is made of, so that a change of settings is never answered from the cache."""
    here = settings()
    return "|".join(one.get_secret_value() for one in (here.secret_key, here.field_keys, here.lookup_key))


def seal(purpose: str, text: str) -> str:
    """Encrypt one field under the newest key; gives `key_id.base64`. The same text sealed twice differs."""
    key_id, nonce = newest_key(), os.urandom(12)
    sealed = ring_cipher(key_id).encrypt(nonce, text.encode(), purpose.encode())
    return f"{key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(purpose: str, sealed: str) -> str:
    """Decrypt one field. Raises SealBroken when it was altered or belongs to another purpose or key."""
    key_id, _, body = sealed.partition(".")
    cipher = ring_cipher(key_id)
    try:
        raw = base64.urlsafe_b64decode(body.encode())
        return cipher.decrypt(raw[:12], raw[12:], purpose.encode()).decode()
    except (InvalidTag, ValueError) as broken:
        raise SealBroken(key_id=key_id, purpose=purpose) from broken


def lookup_hash(purpose: str, text: str) -> bytes:
    """Give 32 bytes by which a sealed value, token or code can be found without being readable."""
    return hmac.new(_hash_key(purpose, _given()), normalised(text).encode(), hashlib.sha256).digest()


def normalised(text: str) -> str:
    """Drop spaces and hyphens and fold case, so that 138-0000 and 1380000 are one phone."""
    return "".join(ch for ch in text if ch not in " -\u3000").upper()


def mask_phone(phone: str) -> str:
    """Show 138****0001 of an 11-digit number; shorter ones keep their last two digits."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "****" + phone[-2:]


def mask_id_number(id_number: str) -> str:
    """Show the six area digits and the last two of an ID number."""
    return f"{id_number[:6]}**********{id_number[-2:]}"


def mask_name(full_name: str) -> str:
    """Show the family name and stars: 王**."""
    return full_name[:1] + "*" * max(1, len(full_name) - 1)


def mask_address(address: str) -> str:
    """Show the street or quarter and hide house, building and room numbers."""
    cut = next((i for i, ch in enumerate(address) if ch.isdigit()), len(address))
    return address[:cut] + ("***" if cut < len(address) else "")

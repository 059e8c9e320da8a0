"""What the house needs to know of the machine it stands on. The only reader of the environment.

Every other module asks `settings()`; tests clear its cache after changing the environment.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url

Login = Literal["app", "jobs", "setup"]
"""`app` answers requests under row-level security, `jobs` runs city-wide jobs, `setup` migrates."""


class Settings(BaseSettings):
    """One machine's facts. Waits are here so that tests and the demonstration may shorten them."""

    model_config = SettingsConfigDict(env_prefix="YINLING_", extra="ignore", populate_by_name=True)

    database_url: str = Field(validation_alias="DATABASE_URL")
    redis_url: str = Field(validation_alias="REDIS_URL")
    app_database_url: str | None = None
    jobs_database_url: str | None = None
    secret_key: SecretStr
    field_key_ids: str = "k1"
    """The key ring, newest first: new values are sealed under the first, all of them open. docs/privacy.md"""
    field_keys: SecretStr = SecretStr("")
    """Material of keys that are not derived from the secret key, `k2:BASE64,k3:BASE64` (32 bytes each)."""
    lookup_key: SecretStr = SecretStr("")
    """Key of the look-up hashes of phone, ID number and openid, 32 bytes in base64; derived when it is not given."""
    demonstration: bool = False
    public_url: str = "http://127.0.0.1:8000"
    cookie_secure: bool = False
    storage_dir: Path = Path(".local/attachments")
    seals_dir: Path = Path(".local/seals")
    network_files_dir: Path = Path(".local/networks")
    pool_size: int = 8
    statement_timeout_ms: int = 15_000
    database_silence_seconds: int = 12

    sign_in_code_seconds: int = 300
    sign_in_code_tries: int = 5
    sign_in_codes_per_hour: int = 5
    sign_in_codes_per_hour_per_sender: int = 60
    session_days: int = 14
    bound_phone_days: int = 365

    offer_seconds_override: int | None = None
    queue_name: str = "yinling"
    relay_poll_seconds: float = 0.2
    outbox_resend_seconds: float = 60.0
    registry_cleanup_seconds: float = 30.0
    worker_ttl_seconds: int = 20
    job_timeout_seconds: int = 120

    payment_gateway: Literal["fake", "stripe"] = "fake"
    fake_bank_asks: bool = False
    stripe_api_key: SecretStr = SecretStr("sk_test_yinling")
    stripe_api_base: str | None = Field(default=None, validation_alias="STRIPE_MOCK_URL")
    stripe_webhook_secret: SecretStr | None = None
    stripe_payment_method: str | None = None

    message_carriers: Literal["fake", "real"] = "fake"
    sms_gateway_url: str | None = None
    sms_gateway_key: SecretStr = SecretStr("")
    voice_gateway_url: str | None = None
    voice_gateway_key: SecretStr = SecretStr("")
    sms_signature: str = "银龄圈"
    phone_in_key: SecretStr = SecretStr("")
    wechat_api_base: str = "https://api.weixin.qq.com"
    wechat_app_id: str | None = None
    wechat_app_secret: SecretStr = SecretStr("")
    wechat_template_id: str = ""
    wechat_accounts: Literal["fake", "real", "off"] = "fake"
    wechat_open_base: str = "https://open.weixin.qq.com"
    outside_call_seconds: float = 10.0
    webhook_networks: str = ""
    """Private networks in which platforms may be called, `10.20.0.0/16,...`; none unless named. docs/open-data.md"""

    def derived_secret(self, purpose: str) -> bytes:
        """Give 32 bytes that belong to one purpose only, so that no key is used for two things."""
        key = self.secret_key.get_secret_value().encode()
        return hmac.new(key, purpose.encode(), hashlib.sha256).digest()

    def ring(self) -> tuple[str, ...]:
        """Give the ids of the key ring, newest first."""
        return tuple(name.strip() for name in self.field_key_ids.split(",") if name.strip())

    def ring_secret(self, key_id: str, purpose: str) -> bytes:
        """Give 32 bytes of one key of the ring for one purpose: from its own material, else from the secret key.

        Raises ValueError when the material given for the key is not 32 bytes in base64.
        """
        own = self._own_material().get(key_id)
        if own is None:
            return self.derived_secret(f"{purpose}:{key_id}")
        return hmac.new(own, purpose.encode(), hashlib.sha256).digest()

    def lookup_secret(self, purpose: str) -> bytes:
        """Give 32 bytes for the look-up hash of one purpose; it does not change when the ring turns."""
        given = self.lookup_key.get_secret_value()
        if not given:
            return self.derived_secret(f"look-up:{purpose}")
        return hmac.new(_material("lookup_key", given), f"look-up:{purpose}".encode(), hashlib.sha256).digest()

    def _own_material(self) -> dict[str, bytes]:
        pairs = [one.strip().partition(":") for one in self.field_keys.get_secret_value().split(",") if one.strip()]
        return {key_id.strip(): _material(key_id, text) for key_id, _, text in pairs}

    def login_password(self, login: Login) -> str:
        """Give the database password of an application login; migrations set the same one."""
        return self.derived_secret(f"database-login:{login}").hex()

    def url(self, login: Login) -> URL:
        """Give the SQLAlchemy URL for a login; `setup` is DATABASE_URL itself, with the psycopg driver."""
        setup = make_url(self.database_url).set(drivername="postgresql+psycopg")
        own = {"app": self.app_database_url, "jobs": self.jobs_database_url, "setup": None}[login]
        if own:
            return make_url(own).set(drivername="postgresql+psycopg")
        if login == "setup":
            return setup
        return setup.set(username=f"yinling_{login}", password=self.login_password(login))


def _material(name: str, text: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise ValueError(f"{name}: 32 bytes in base64 are needed (openssl rand -base64 32)")
    return raw


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the environment once. Raises pydantic's ValidationError naming what is missing."""
    return Settings()

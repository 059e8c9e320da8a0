"""A stateful fake of WeChat's web authorisation: codes are kept in the database, good once, for five minutes, for one appid."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import insert, select, update
from sqlmodel import Session

from services.columns import table_of
from services.people.errors import WechatRefused
from services.people.privacy_tables import FakeWechatCode
from services.unit_of_work import SYSTEM, unit_of_work

_code = table_of(FakeWechatCode)
GOOD_FOR = timedelta(minutes=5)
INVALID, USED, EXPIRED = 40029, 40163, 42003
"""WeChat's own errcodes."""


class FakeWechat:
    """Answers as WeChat does; its page of choosing who one is lies at /dev/wechat."""

    def __init__(self, app_id: str, public_url: str) -> None:
        self.app_id, self._public_url = app_id, public_url

    def authorise_url(self, return_to: str, state: str) -> str:
        """Give the address of the page where one chooses whose telephone one holds."""
        asked = {
            "appid": self.app_id, "redirect_uri": return_to, "response_type": "code", "scope": "snsapi_base",
            "state": state,
        }  # fmt: skip
        return f"{self._public_url}/dev/wechat?{urlencode(asked)}"

    def openid_of(self, code: str) -> str:
        """Exchange a code once. Raises WechatRefused with WeChat's errcode."""
        with unit_of_work(SYSTEM, login="jobs") as work:
            refused = _refusal(work.session, work.now, self.app_id, code)
            if refused is not None:
                raise WechatRefused(errcode=refused)
            used = update(_code).where(_code.c.code == code).values(used_at=work.now).returning(_code.c.openid)
            return str(work.session.connection().execute(used).scalar_one())


def _refusal(session: Session, now: datetime, app_id: str, code: str) -> int | None:
    row = session.connection().execute(select(_code).where(_code.c.code == code).with_for_update()).one_or_none()
    if row is None or row.app_id != app_id:
        return INVALID
    if row.used_at is not None:
        return USED
    return EXPIRED if row.issued_at + GOOD_FOR <= now else None


def issue_code(session: Session, now: datetime, app_id: str, openid: str) -> str:
    """Give the code the browser is sent back with. Runs as the house, from the demonstration's page alone."""
    code = secrets.token_hex(16)
    session.connection().execute(insert(_code).values(code=code, app_id=app_id, openid=openid, issued_at=now))
    return code

"""Platforms above are told of every public change in order, signed, at least once, and never from inside the house."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from services.oversight import webhooks
from services.oversight.changes import START, changes_after
from services.oversight.webhook_calling import FakePlatform, HttpCaller, use_caller
from services.oversight.webhook_errors import BadWebhook, NotYourWebhook, WebhookEnded
from services.oversight.webhook_rules import GAPS, may_call, networks_of, split_address
from services.oversight.webhooks import NewWebhook
from services.unit_of_work import NOBODY, unit_of_work

CITY = 320100000000000
URL = "https://platform.example.cn/in?from=yinling"
SETTLED = text("SELECT NOT EXISTS (SELECT FROM public_change WHERE written_in >= pg_snapshot_xmin(pg_current_snapshot()))")  # fmt: skip


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    fake = FakePlatform()
    use_caller(fake)
    yield fake
    use_caller(None)


def settle() -> None:
    for _ in range(5_000):
        with unit_of_work(NOBODY) as work:
            if work.session.connection().execute(SETTLED).scalar_one():
                return
    pytest.skip("not run: another database of this cluster keeps a transaction open")


def feed(**asked: Any) -> list[str]:
    settle()
    with unit_of_work(NOBODY) as work:
        return [one.cursor for one in changes_after(work.session, work.now, START, most=1000, **asked).changes]


def rename(cast: Any, *names: str) -> None:
    for name in names:
        with cast.work("house") as work:
            told = text("UPDATE facility SET name = :name WHERE code = 'NJD010'")
            work.session.connection().execute(told, {"name": name})
    settle()


def subscribe(cast: Any, **other: Any) -> tuple[int, str]:
    with cast.work("administrator") as work:
        new = NewWebhook(**{"platform": "省平台", "url": URL, "kinds": ("facility",), "area_code": CITY} | other)
        return webhooks.make_webhook(work.session, work.now, work.actor, new)


def act(cast: Any, verb: Any, webhook_id: int, *more: Any) -> Any:
    with cast.work("administrator") as work:
        return verb(work.session, work.now, work.actor, webhook_id, *more)


def row(cast: Any, webhook_id: int) -> Any:
    with cast.work("administrator") as work:
        return webhooks.find_webhook(work.session, work.actor, webhook_id)


def look(cast: Any) -> None:
    """Do what the calendar does every ten seconds, and everything that follows of it."""
    from services.oversight.webhook_sending import promise_due

    settle()
    with cast.work("house") as work:
        promise_due(work.session, work.now)
    cast.run_jobs(only="webhooks.deliver")


def cursors(platform: FakePlatform) -> list[str]:
    return [one["cursor"] for _, body in platform.inbox for one in json.loads(body)["data"]["changes"]]


def verifies(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check as docs/open-data.md tells a platform to."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    ours = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    told = [one.partition(",") for one in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(ours, one) for version, _, one in told)


@pytest.mark.mission("DY-38")
def test_every_change_comes_in_order_and_none_is_lost_over_failures(cast: Any, platform: FakePlatform, monkeypatch: Any) -> None:  # fmt: skip
    monkeypatch.setattr("services.oversight.webhook_sending.BATCH", 2)
    rename(cast, *"一二三四五")
    webhook_id, secret = subscribe(cast)
    platform.next_answers = [500, "late", "lost"]
    look(cast)
    assert platform.inbox == [] and row(cast, webhook_id).cursor == START, "a 500 moves nothing"
    rename(cast, "六")
    for gap in GAPS[:3]:
        cast.advance(seconds=gap.total_seconds() + 200)
        look(cast)
    told = cursors(platform)
    first = [one[0]["webhook-id"] for one in platform.inbox[:2]]
    assert first[0] == first[1] and told[:2] == told[2:4], "taken but not heard: the same message comes again"
    assert told[2:] == feed(kinds=["facility"]), "in order, whole, what came meanwhile too"
    assert all(verifies(secret, *one) for one in platform.inbox)
    headers, body = platform.inbox[0]
    assert not verifies(secret, headers, body + b" ") and not verifies("whsec_AAAA", headers, body)
    assert row(cast, webhook_id).failures == 0
    calls = platform.calls
    look(cast)
    assert platform.calls == calls, "who has everything is left alone"


def test_changes_that_are_not_asked_for_are_passed_by_once(cast: Any, platform: FakePlatform) -> None:
    webhook_id, _ = subscribe(cast, kinds=("beds",), area_code=320102000000000)
    rename(cast, "别的")
    look(cast)
    look(cast)
    assert cursors(platform) == feed(kinds=["beds"], area_code=320102000000000)
    assert row(cast, webhook_id).cursor == feed()[-1]


def test_after_the_last_gap_it_pauses_tells_the_administrator_and_goes_on_without_loss(cast: Any, platform: FakePlatform) -> None:  # fmt: skip
    rename(cast, "停")
    webhook_id, _ = subscribe(cast)
    platform.next_answers = [503] * (len(GAPS) + 1)
    for gap in (*GAPS, GAPS[-1], GAPS[-1]):
        look(cast)
        cast.advance(seconds=gap.total_seconds() + 200)
    found = row(cast, webhook_id)
    assert (found.state, found.paused_because, platform.calls) == ("paused", "failures", len(GAPS) + 1)
    cast.run_jobs(only="messages.deliver")
    with cast.work("administrator") as work:
        told = text("SELECT body FROM message WHERE template = 'oversight.webhook_paused'")
        assert f"第{webhook_id}号" in work.session.connection().execute(told).scalar_one()
        assert {one.answer for one in webhooks.tries_of(work.session, work.actor, webhook_id)} == {503}
    act(cast, webhooks.resume_webhook, webhook_id)
    look(cast)
    assert cursors(platform) == feed(kinds=["facility"])


def test_a_word_of_the_administrator_outdates_what_is_on_its_way(cast: Any, platform: FakePlatform) -> None:
    rename(cast, "途中")
    webhook_id, _ = subscribe(cast)
    taken = platform.call

    def pause_meanwhile(*told: Any) -> Any:
        act(cast, webhooks.pause_webhook, webhook_id)
        return taken(*told)

    platform.call = pause_meanwhile  # type: ignore[method-assign]
    look(cast)
    assert (row(cast, webhook_id).state, row(cast, webhook_id).cursor) == ("paused", START)
    platform.call = taken  # type: ignore[method-assign]
    act(cast, webhooks.resume_webhook, webhook_id)
    look(cast)
    whole = feed(kinds=["facility"])
    assert cursors(platform) == whole + whole, "at least once"


def test_a_replay_sends_the_same_changes_under_new_messages_and_never_skips(cast: Any, platform: FakePlatform) -> None:
    rename(cast, "甲", "乙")
    webhook_id, _ = subscribe(cast)
    look(cast)
    whole = feed(kinds=["facility"])
    act(cast, webhooks.replay_webhook, webhook_id, whole[-2])
    look(cast)
    assert cursors(platform) == [*whole, whole[-1]]
    ids = [headers["webhook-id"] for headers, _ in platform.inbox]
    changes = [json.loads(body)["data"]["changes"][-1]["id"] for _, body in platform.inbox]
    assert len(set(ids)) == 2 and len(set(changes)) == 1
    for wrong in ("99999999999.1", "x"):
        with pytest.raises(BadWebhook):
            act(cast, webhooks.replay_webhook, webhook_id, wrong)


def test_both_secrets_hold_for_a_day_and_then_the_new_one_alone(cast: Any, platform: FakePlatform) -> None:
    webhook_id, old = subscribe(cast)
    look(cast)
    new = act(cast, webhooks.rotate_secret, webhook_id)
    for hours, old_holds in ((1, True), (24, False)):
        cast.advance(hours=hours)
        rename(cast, f"密钥{hours}")
        look(cast)
        assert (verifies(old, *platform.inbox[-1]), verifies(new, *platform.inbox[-1])) == (old_holds, True)


def test_a_test_message_moves_nothing_and_an_ended_one_stays_ended(cast: Any, platform: FakePlatform) -> None:
    webhook_id, secret = subscribe(cast)
    act(cast, webhooks.send_test, webhook_id)
    act(cast, webhooks.send_test, webhook_id)
    cast.run_jobs(only="webhooks.test")
    assert len(platform.inbox) == 1 and json.loads(platform.inbox[0][1])["type"] == "webhook.test"
    assert verifies(secret, *platform.inbox[0]) and row(cast, webhook_id).cursor == START
    act(cast, webhooks.end_webhook, webhook_id)
    look(cast)
    assert platform.calls == 1
    for verb in (webhooks.resume_webhook, webhooks.send_test, webhooks.rotate_secret):
        with pytest.raises(WebhookEnded):
            act(cast, verb, webhook_id)
    subscribe(cast)
    with pytest.raises(IntegrityError, match="webhook_one_subscription_idx"):
        subscribe(cast)


def test_only_the_administrator_of_the_area_keeps_them_whoever_writes_the_sql(cast: Any) -> None:
    webhook_id, _ = subscribe(cast)
    with pytest.raises(NotYourWebhook), cast.work("officer") as work:
        webhooks.webhooks_of(work.session, work.actor)
    with pytest.raises(NotYourWebhook):
        subscribe(cast, area_code=330100000000000)
    for wrong in (
        {"platform": " "},
        {"kinds": ()},
        {"kinds": ("person",)},
        {"url": "http://a.example.cn/"},
        {"after": "x"},
    ):
        with pytest.raises(BadWebhook):
            subscribe(cast, **wrong)
    with cast.work("officer") as work:
        assert work.session.connection().execute(text("SELECT count(*) FROM webhook")).scalar_one() == 0
    forward = text("UPDATE webhook SET cursor = '99999999999.1' WHERE id = :id")
    elsewhere = text("UPDATE webhook SET url = 'https://other.example.cn/' WHERE id = :id")
    for statement, why in ((forward, "only a delivery"), (elsewhere, "permission denied")):
        with pytest.raises((IntegrityError, ProgrammingError), match=why), cast.work("administrator") as work:
            work.session.connection().execute(statement, {"id": webhook_id})


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1",
     "fe80::1%eth0", "fd00:ec2::254", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "100.100.100.200", "nonsense"],
)  # fmt: skip
def test_addresses_inside_the_house_are_never_called(address: str) -> None:
    called: list[httpx.Request] = []
    transport = httpx.MockTransport(lambda request: (called.append(request), httpx.Response(204))[1])
    calling = HttpCaller(resolving=lambda name, port: ["8.8.8.8", address], transport=transport)
    assert calling.call(URL, {}, b"{}").refused == "address" and called == []


def test_named_private_networks_are_allowed_and_metadata_never() -> None:
    allowed = networks_of("10.20.0.0/16, 169.254.0.0/16,127.0.0.0/8")
    assert may_call("10.20.3.4", allowed) and not may_call("10.21.3.4", allowed)
    assert not may_call("169.254.169.254", allowed) and not may_call("127.0.0.1", allowed)


@pytest.mark.parametrize(
    "url",
    ["http://a.example.cn/", "https://8.8.8.8/", "https://[::1]/", "https://2130706433/", "https://localhost/",
     "https://u:p@a.example.cn/", "https://a.example.cn:22/", "https://a.example.cn:x/", "https://a.internal/",
     "https://a.example.cn\\@10.0.0.1/", "https://a.example.cn/ x", "ftp://a.example.cn/", "https:///x"],
)  # fmt: skip
def test_addresses_that_hide_something_are_refused(url: str) -> None:
    with pytest.raises(ValueError):
        split_address(url)


def test_exactly_the_checked_address_is_called_by_its_name_and_no_redirect_is_followed() -> None:
    called: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(307, headers={"location": "https://10.0.0.1/"})

    calling = HttpCaller(resolving=lambda name, port: ["8.8.8.8"], transport=httpx.MockTransport(answer))
    told = calling.call(URL, {"webhook-id": "1", "host": "evil"}, b"{}")
    assert (told.status, told.taken, len(called)) == (307, False, 1)
    assert called[0].url.host == "8.8.8.8" and called[0].url.raw_path == b"/in?from=yinling"
    assert called[0].headers["host"] == "platform.example.cn"
    assert called[0].extensions["sni_hostname"] == "platform.example.cn"

    def lost(name: str, port: int) -> list[str]:
        raise OSError(name)

    assert HttpCaller(resolving=lost).call(URL, {}, b"{}").lost == "name"


def test_the_signature_is_the_one_of_the_standard() -> None:
    """The published example of the Standard Webhooks reference libraries."""
    from services.oversight.webhook_rules import sign

    at = datetime.fromtimestamp(1614265330, UTC)
    told = sign(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert told["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

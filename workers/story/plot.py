"""Today's story, step by step, through the same doors as everybody: HTTP, the SMS on a phone, the clock on the wall."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from services.clock import SHANGHAI, advance, read_now
from services.people.demonstration import sample_phone
from services.people.privacy import lookup_hash
from services.unit_of_work import SYSTEM, unit_of_work
from workers.story.people import Someone, until
from workers.story.telling import Telling, expect
from workers.story.told import Told

BATH = "home_bath"
CLEANING = "home_cleaning"
FRIENDLY = "friendly_visit"


@dataclass
class Plot:
    """What the story has come to: who is signed in, which order, which visit."""

    telling: Telling
    address: str
    people: dict[str, Someone] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def someone(self, key: str) -> Someone:
        """Give one of the cast, signed in once by phone and code."""
        if key not in self.people:
            self.people[key] = Someone(self.address, sample_phone(key)).sign_in()
        return self.people[key]


def tell_story(telling: Telling, address: str) -> dict[str, Any]:
    """Play all of it; gives what the figures of `--json` need. Raises at the first step that fails."""
    plot = Plot(telling, address)
    telling.afterwards = Told()
    _order(plot)
    _offers(plot)
    _at_the_door(plot)
    _after_the_bath(plot)
    _time_bank(plot)
    _closed_door(plot)
    _officer(plot)
    return plot.facts


def _order(plot: Plot) -> None:
    with plot.telling.step("李敏在深圳登录，给妈妈看谁能上门助浴", "/family") as lines:
        daughter = plot.someone("li_min")
        elder = next(one for one in daughter.ask("GET", "/me")["elders"] if one["full_name"] == "王秀兰")
        plot.facts["wang"] = elder["elder_id"]
        orders = daughter.ask("GET", "/orders", params={"elder_id": elder["elder_id"], "limit": 50})
        taken = {one["starts_at"] for one in orders if one["service_code"] == BATH and one["state"] != "cancelled"}
        starts, ends = next_thursday_bath({datetime.fromisoformat(moment) for moment in taken})
        plot.facts["slot"] = (starts, ends)
        wish = {"elder_id": elder["elder_id"], "service_code": BATH, "starts_at": starts, "ends_at": ends}
        found = daughter.ask("POST", "/match", json=wish)
        expect(len(found["candidates"]) >= 2, f"至少两家能上门，实际 {len(found['candidates'])} 家")
        expect(bool(found["left_out"]), "每一家去不了的都说明原因")
        plot.facts["candidates"] = found["candidates"]
        for one in found["candidates"][:3]:
            lines.append(
                f"{one['rank']}. {one['provider_name']}：步行{one['walk_seconds'] // 60}分钟，{one['grade']}级，"
                f"{yuan(one['price_fen'])}（政府{yuan(one['government_fen'])}，自付{yuan(one['self_fen'])}）"
            )
        out = found["left_out"][0]
        lines.append(f"排除 {len(found['left_out'])} 家，例如 {out['provider_name']}：{out['why']}")
    with plot.telling.step("下单：周四 9–11 点上门助浴（同一个键再发一次，还是一单）", "/family") as lines:
        quiet = next(one for one in plot.facts["candidates"] if one["provider_name"].startswith("安康"))
        body = {**wish, "chosen_provider_id": quiet["provider_id"], "note": "妈妈膝盖不好，请慢一点"}
        key = {"Idempotency-Key": f"story-{uuid.uuid4()}"}
        placed = plot.someone("li_min").ask("POST", "/orders", json=body, headers=key)
        again = plot.someone("li_min").ask("POST", "/orders", json=body, headers=key)
        expect(placed["order_id"] == again["order_id"] and again["replayed"], "重复提交应得到同一张单")
        plot.facts["order"] = placed["order_id"]
        plot.facts["quiet"] = quiet["provider_id"]
        lines.append(f"单号 {placed['order_number']}，{yuan(placed['price_fen'])}，自付 {yuan(placed['self_fen'])}")


def _offers(plot: Plot) -> None:
    order = plot.facts["order"]
    with plot.telling.step("派给安康，安康没有应答，到时自动转给下一家", "/provider") as lines:
        quiet = plot.someone("ankang_dispatcher")
        offer = until(lambda: offer_of(quiet, plot.facts["quiet"], order), "安康没有收到这张单")
        move_clock_to(datetime.fromisoformat(offer["expires_at"]) + timedelta(seconds=5))
        lines.append(f"安康的应答期限 {local(offer['expires_at'])}，时钟拨到期限之后")
        kangle = plot.someone("kangle_dispatcher")
        kangle_id = kangle.ask("GET", "/me")["provider_id"]
        plot.facts["kangle"] = kangle_id
        second = until(lambda: offer_of(kangle, kangle_id, order), "康乐没有收到转来的单")
        refused = quiet.ask("POST", f"/offers/{offer['id']}/acceptance", expected=(409,))
        lines.append(f"安康这时再点接单：{refused['detail']}")
        plot.facts["offer"] = second["id"]
    with plot.telling.step("康乐接单，派护理员小陈；同一时段再派一次被数据库拒绝", "/provider") as lines:
        kangle = plot.someone("kangle_dispatcher")
        kangle.ask("POST", f"/offers/{plot.facts['offer']}/acceptance")
        free = kangle.ask("GET", f"/orders/{order}/free-carers")
        carer_id = plot.someone("chen_fang").ask("GET", "/me")["person_id"]
        expect(carer_id in [one["carer_id"] for one in free], "小陈这个时段有空")
        kangle.ask("POST", f"/orders/{order}/assignment", json={"carer_id": carer_id})
        refused = _overlapping(plot, carer_id)
        lines.append(f"已派给陈芳；热线替孙大爷订的保洁撞上同一时段，再派陈芳：{refused['detail']}")
        family = plot.someone("li_min")
        seen = until(lambda: wait_for_state(family, order, "assigned"), "家属没有看到派人")
        lines.append(f"家属看到：{seen['provider_name']}，{seen['carer_name']}")


def _overlapping(plot: Plot, carer_id: int) -> dict[str, Any]:
    """Let the hotline order a cleaning at the same hours and the same carer be asked for: the database refuses."""
    operator, kangle = plot.someone("zhou"), plot.someone("kangle_dispatcher")
    starts = datetime.fromisoformat(plot.facts["slot"][0]) + timedelta(hours=1)
    wish = {
        "elder_id": elder_behind(sample_phone("sun")),
        "service_code": CLEANING,
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "chosen_provider_id": plot.facts["kangle"],
        "channel": "phone",
    }
    key = {"Idempotency-Key": f"story-{uuid.uuid4()}"}
    other = operator.ask("POST", "/orders", json=wish, headers=key)["order_id"]
    offer = until(lambda: offer_of(kangle, plot.facts["kangle"], other), "康乐没有收到孙大爷的单")
    kangle.ask("POST", f"/offers/{offer['id']}/acceptance")
    refused: dict[str, Any] = kangle.ask(
        "POST", f"/orders/{other}/assignment", json={"carer_id": carer_id}, expected=(409,)
    )
    operator.ask("POST", f"/orders/{other}/cancellation", json={"reason": "other_time"})
    return refused


def _at_the_door(plot: Plot) -> None:
    order, (starts, ends) = plot.facts["order"], plot.facts["slot"]
    with plot.telling.step("周四早上：小陈到门口，输错一次四位码，再扫门上的二维码签到", "/carer") as lines:
        move_clock_to(datetime.fromisoformat(starts) + timedelta(minutes=1))
        carer, family = plot.someone("chen_fang"), plot.someone("li_min")
        visit = until(
            lambda: next((v for v in carer.ask("GET", "/visits/today") if v["order_id"] == order), None),
            "小陈今天没有这一单",
        )
        code = family.ask("GET", f"/visits/{visit['id']}/code")["code"]
        wrong = f"{(int(code) + 1) % 10000:04d}"
        refused = carer.ask("POST", f"/visits/{visit['id']}/check-in", json=door(wrong), expected=(401, 403, 409, 422))
        lines.append(f"错码：{refused['detail']}")
        event = door(_plate_on_the_door(plot, carer, visit["id"]), "door_plate")
        lines.append("扫门牌：二维码打开的正是这一单的签到页")
        first = carer.ask("POST", f"/visits/{visit['id']}/check-in", json=event)
        again = carer.ask("POST", f"/visits/{visit['id']}/check-in", json=event)
        expect(again["replayed"] and again["checked_in_at"] == first["checked_in_at"], "重复签到只记一次")
        until(lambda: wait_for_state(family, order, "in_service"), "单没有变成服务中")
        plot.facts["visit"] = visit["id"]
    with plot.telling.step("做完，签退", "/carer") as lines:
        move_clock_to(datetime.fromisoformat(ends) - timedelta(minutes=20))
        tasks = plot.someone("chen_fang").ask("GET", f"/services/{BATH}")["checklist"]
        body = {"tasks_done": tasks, "note": "老人精神好，浴后血压正常。", "happened_at": now().isoformat()}
        done = plot.someone("chen_fang").ask("POST", f"/visits/{plot.facts['visit']}/check-out", json=body)
        until(lambda: wait_for_state(plot.someone("li_min"), order, "served"), "单没有变成已服务")
        lines.append(f"服务 {done['served_minutes']} 分钟，勾选 {len(tasks)} 项")


def _plate_on_the_door(plot: Plot, carer: Someone, visit_id: int) -> str:
    """Let the street hang a QR plate at the door and the carer's camera open it; gives the address in the code."""
    plate = plot.someone("zhao").ask("POST", f"/elders/{plot.facts['wang']}/door-plate", json={})
    led = carer.http.get(f"{plot.address}/door/{plate['token']}")
    expect(f"/carer/visits/{visit_id}?" in led.headers.get("location", ""), f"门牌没有打开签到页：{led.status_code}")
    return str(plate["address"])


def _after_the_bath(plot: Plot) -> None:
    order = plot.facts["order"]
    with plot.telling.step("李敏确认并评单（第二次评单被拒绝），自付部分经支付网关扣款", "/family") as lines:
        family = plot.someone("li_min")
        family.ask("POST", f"/orders/{order}/confirmation")
        family.ask("POST", f"/orders/{order}/rating", json={"face": 3, "comment": "小陈很耐心"})
        refused = family.ask("POST", f"/orders/{order}/rating", json={"face": 1}, expected=(409,))
        lines.append(f"第二次评单：{refused['detail']}")
        paid = until(lambda: captured(family, plot.facts["wang"], order), "自付部分没有扣款成功")
        detail = family.ask("GET", f"/orders/{order}")
        lines.append(
            f"{yuan(detail['price_fen'])} = 政府 {yuan(detail['government_fen'])} + 自付 {yuan(paid['amount_fen'])}（{paid['state']}）"
        )


def _time_bank(plot: Plot) -> None:
    elder = plot.facts["wang"]
    with plot.telling.step("王奶奶想有人来坐坐：志愿者李老师从需求板接下探访", "/volunteer") as lines:
        starts = (now().astimezone(SHANGHAI) + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
        need = {
            "kind": FRIENDLY,
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(minutes=90)).isoformat(),
        }
        made = plot.someone("li_min").ask("POST", f"/elders/{elder}/needs", json=need)
        volunteer = plot.someone("li_wenhua")
        board = volunteer.ask("GET", "/needs")
        mine: dict[str, Any] = next((one for one in board if one["id"] == made["need_id"]), {})
        expect(bool(mine), "需求板上看得到这件事")
        expect("王秀兰" not in str(mine), "需求板不露姓名")
        taken = volunteer.ask("POST", f"/needs/{made['need_id']}/taking")
        plot.facts |= {"need": made["need_id"], "friendly": taken["visit_id"], "starts": starts}
        lines.append(f"{mine['title']}，{mine['rough_place']}，{local(starts.isoformat())}")
    with plot.telling.step("陪了 90 分钟：签退时挂账，女儿确认后入账", "/volunteer/statement") as lines:
        _ninety_minutes(plot, lines)
    with plot.telling.step("账本自检：从每一笔重新算起") as lines:
        from timebank.verify import verify

        with unit_of_work(SYSTEM, login="jobs") as work:
            found = verify(work.session)
        expect(found.ok, f"账本有错：{found.first_bad}")
        plot.facts["ledger"] = found
        lines.append("借贷相等、余额、序号、哈希链全部一致")


def _ninety_minutes(plot: Plot, lines: list[str]) -> None:
    volunteer, family = plot.someone("li_wenhua"), plot.someone("li_min")
    person = volunteer.ask("GET", "/me")["person_id"]
    before = volunteer.ask("GET", f"/volunteers/{person}/statement")
    move_clock_to(plot.facts["starts"] + timedelta(seconds=30))
    code = family.ask("GET", f"/visits/{plot.facts['friendly']}/code")["code"]
    volunteer.ask("POST", f"/visits/{plot.facts['friendly']}/check-in", json=door(code))
    move_clock_to(plot.facts["starts"] + timedelta(minutes=91))
    body = {"tasks_done": [], "note": "一起看了老照片。", "happened_at": now().isoformat()}
    volunteer.ask("POST", f"/visits/{plot.facts['friendly']}/check-out", json=body)
    session = until(
        lambda: next(
            (
                s
                for s in family.ask("GET", f"/elders/{plot.facts['wang']}/volunteer-sessions")
                if s["need_id"] == plot.facts["need"]
            ),
            None,
        ),
        "没有看到待确认的时间",
    )
    held = volunteer.ask("GET", f"/volunteers/{person}/statement")
    expect(held["pending_minutes"] == before["pending_minutes"] + 90, f"应挂账 90 分钟，实际 {held['pending_minutes']}")
    family.ask("POST", f"/volunteer-sessions/{session['id']}/confirmation")
    after = volunteer.ask("GET", f"/volunteers/{person}/statement")
    expect(after["closing_minutes"] == before["closing_minutes"] + 90, "应入账 90 分钟")
    lines.append(f"李老师的存折：{before['closing_minutes']} → {after['closing_minutes']} 分钟")


def _closed_door(plot: Plot) -> None:
    with plot.telling.step(
        "孙大爷独居，敲门没人应：记下来，不算探访，升级给具体的人限时处置", "/officer/escalations"
    ) as lines:
        officer = plot.someone("zhao")
        before = officer.ask("GET", "/visit-duties/compliance")
        sun = elder_behind(sample_phone("sun"))
        body = {"channel": "home", "outcome": "no_answer", "happened_at": now().isoformat(), "note": "敲门三次无人应"}
        officer.ask("POST", f"/elders/{sun}/visit-attempts", json=body)
        after = officer.ask("GET", "/visit-duties/compliance")
        expect(after["done"] == before["done"], "没人应门不能算探访")
        one = next(e for e in officer.ask("GET", "/desk/escalations") if e["elder_id"] == sun)
        lines.append(f"第 {one['step']} 步，负责人 {one['in_charge_name']}，{local(one['due_at'])} 前处置")


def _officer(plot: Plot) -> None:
    with plot.telling.step("赵干部的桌面：只有新街口街道，每个数字点开就是名单", "/officer") as lines:
        officer = plot.someone("zhao")
        desk = officer.ask("GET", "/desk")
        plot.facts["desk"] = desk
        visits = desk["visits"]
        lines.append(
            f"{desk['area_name']}：本月应探访 {visits['due']}，已探访 {visits['done']}，尝试 {visits['attempts']} 次"
        )
        beds = desk["beds"]["city"]
        lines.append(f"护理型床位 {beds['nursing']}/{beds['total']} = {beds['ratio']:.2%}，目标 {beds['target']:.0%}")
        plot.facts["city_beds"] = beds
        listed = officer.ask("GET", "/visit-duties/not-yet-visited")
        expect(len(listed) == visits["due"] - visits["done"], f"名单 {len(listed)} 人应等于未探访人数")
        hidden = plot.someone("wu").ask("GET", f"/elders/{plot.facts['wang']}", expected=(404,))
        lines.append(f"什么也看不到的吴国强打开王奶奶：{hidden['detail']}")


def next_thursday_bath(taken: set[datetime]) -> tuple[str, str]:
    """Give 9:00 and 11:00 of the next free Thursday that is at least two days away, as ISO with Shanghai's offset."""
    today = now().astimezone(SHANGHAI)
    ahead = (3 - today.weekday()) % 7
    day: date = (today + timedelta(days=ahead if ahead >= 2 else ahead + 7)).date()
    start = datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)
    while start in taken:
        start += timedelta(days=7)
    return start.isoformat(), (start + timedelta(hours=2)).isoformat()


def now() -> datetime:
    """Give the house's now."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        return read_now(work.session)


def move_clock_to(moment: datetime) -> None:
    """Move the demonstration's clock forward to a moment, never back."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        ahead = moment.astimezone(UTC) - work.now
        if ahead > timedelta(0):
            advance(work.session, ahead)


def door(secret: str, proof: str = "elder_code") -> dict[str, Any]:
    """Give a check-in by the elder's four digits or the plate at her door, as the visitor's phone sends it."""
    return {"proof": proof, "secret": secret, "happened_at": now().isoformat(), "device": {"accuracy_m": 35.0}}


def offer_of(dispatcher: Someone, provider_id: int, order_id: int) -> dict[str, Any] | None:
    """Give the open offer of an order on a provider's board, or None."""
    offers = dispatcher.ask("GET", f"/providers/{provider_id}/offers")
    return next((one for one in offers if one["order_id"] == order_id), None)


def wait_for_state(family: Someone, order_id: int, state: str) -> dict[str, Any] | None:
    """Give the order when it has come to a state, else None."""
    order: dict[str, Any] = family.ask("GET", f"/orders/{order_id}")
    return order if order["state"] == state else None


def captured(family: Someone, elder_id: int, order_id: int) -> dict[str, Any] | None:
    """Give the order's payable when the gateway has captured it, else None."""
    payables = family.ask("GET", f"/elders/{elder_id}/payables")
    return next((p for p in payables if p["subject_id"] == order_id and p["state"] == "captured"), None)


def elder_behind(phone: str) -> int:
    """Give the elder behind a phone number of the cast."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        found = work.session.connection().execute(
            text("SELECT find_person_by_phone(:h)"), {"h": lookup_hash("phone", phone)}
        )
        return int(found.scalar_one())


def local(moment: str) -> str:
    """Write a moment as people in Nanjing say it."""
    return datetime.fromisoformat(moment).astimezone(SHANGHAI).strftime("%m-%d %H:%M")


def yuan(amount_fen: int) -> str:
    """Write fen as yuan."""
    return f"{amount_fen / 100:.2f}元"

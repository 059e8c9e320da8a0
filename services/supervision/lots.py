"""Which institutions are inspected, and by whom, from published lists and one seed. Pure; anybody repeats it.

Two lists of institutions (the key ones, the others), one of inspectors, and the pairs that must not meet are fixed as
one text whose SHA-256 is published with the seed's. Tickets and sorting are those of services/oversight/fair_draw.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.oversight import fair_draw

METHOD = "yinling-inspection-draw-1"
"""Changes whenever another row would be drawn from the same seed and lists."""
LISTS = ("key", "others")
PROCEDURE_ZH = (
    "抽取办法（yinling-inspection-draw-1）：",
    "一、抽取以前先固定名单：重点机构（key）、其他机构（others）、检查人员（inspectors）、不能相互抽中的配对（conflicts），各抽几家、每家几人。"
    "名单写成一行文字（JSON，键按字母排序，不留空格），它的 SHA-256 就是“名单指纹”，当时公布，以后不能改。",
    "二、同时随机产生种子（64 位十六进制字符），封存；只公布它的 SHA-256，即“承诺值”。",
    "三、如约定了公开数（例如以后某日福利彩票的开奖号），开奖后填入；没有约定就留空。",
    "四、抽取时公布种子。种子的 SHA-256 必须等于承诺值。",
    "五、每家机构的签号 = SHA-256(种子|公开数|名单名|机构编号)，写成十六进制；竖线就是字符“|”，文字用 UTF-8。",
    "六、每份名单按签号从小到大取前若干家；先排重点机构，再排其他机构。",
    "七、按这个顺序给每家机构定检查人员：去掉不能相互抽中的人；其余的人先比已经分到几家（少的在前），"
    "一样多的比 SHA-256(种子|公开数|inspectors/机构编号|人员编号)，小的在前；取前若干人。",
    "自己算：printf '%s' '种子|公开数|key|机构编号' | sha256sum；整份重算：bin/yinling supervision draw-check 文件.json",
)
PROCEDURE_EN = (
    "How it is drawn (yinling-inspection-draw-1):",
    "1. The lists are fixed first: key institutions (key), the others, the inspectors, the pairs that must not meet"
    " (conflicts), how many are drawn and how many inspectors each. As one line of JSON (keys in order, no blanks) their"
    " SHA-256 is published at once and never changes.",
    "2. At the same time a seed of 64 hexadecimal characters is made and sealed; only its SHA-256, the commitment, is shown.",
    "3. A public word agreed on beforehand (a lottery's number of a later day) is filled in; empty if none was agreed.",
    "4. At the draw the seed is shown. Its SHA-256 must be the commitment.",
    "5. An institution's ticket is SHA-256(seed|public word|list's name|its code) in hexadecimal, in UTF-8.",
    "6. Of each list the lowest tickets are drawn, the key institutions first.",
    "7. In that order each gets its inspectors: those who must not meet it are left out; the rest go by how many they have"
    " already, then by SHA-256(seed|public word|inspectors/institution's code|inspector's code); the first ones are taken.",
    "Do it yourself: printf '%s' 'seed|public word|key|code' | sha256sum; the whole: bin/yinling supervision draw-check FILE",
)


@dataclass(frozen=True)
class Pool:
    """What is drawn from: codes of institutions and inspectors, (inspector, institution) pairs that must not meet."""

    key: Sequence[str]
    others: Sequence[str]
    inspectors: Sequence[str]
    conflicts: Sequence[tuple[str, str]]
    key_wanted: int
    others_wanted: int
    inspectors_each: int


def pool_text(pool: Pool) -> str:
    """Give the lists as the one line that is hashed: JSON with sorted keys and lists, no blanks.

    Raises ValueError for a code that is empty, doubled, in both lists, or holds a bar or a line feed.
    """
    fair_draw.list_fingerprint([*pool.key, *pool.others])
    fair_draw.list_fingerprint(pool.inspectors)
    told = {
        "key": sorted(pool.key), "others": sorted(pool.others), "inspectors": sorted(pool.inspectors),
        "conflicts": sorted([inspector, target] for inspector, target in set(pool.conflicts)),
        "key_wanted": pool.key_wanted, "others_wanted": pool.others_wanted, "inspectors_each": pool.inspectors_each,
    }  # fmt: skip
    return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def text_hash(text: str) -> str:
    """Give a text's SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def draw_inspection(text: str, seed: str, public_word: str = "") -> list[dict[str, Any]]:
    """Draw from the lists as they were fixed: [{list, place, target, ticket, inspectors}], the key ones first.

    Raises ValueError for a text that holds no lists.
    """
    try:
        told = json.loads(text)
        wanted = {name: int(told[f"{name}_wanted"]) for name in LISTS}
        barred = {(inspector, target) for inspector, target in told["conflicts"]}
        inspectors, each = [str(one) for one in told["inspectors"]], int(told["inspectors_each"])
        lists = {name: [str(code) for code in told[name]] for name in LISTS}
    except (KeyError, TypeError) as broken:
        raise ValueError(f"no lists: {broken!r}") from broken
    sent = dict.fromkeys(inspectors, 0)
    rows: list[dict[str, Any]] = []
    for name in LISTS:
        for one in fair_draw.draw(seed, lists[name], wanted[name], stratum=name, public_word=public_word):
            free = [code for code in inspectors if (code, one.number) not in barred]
            chosen = _fairest(free, sent, seed, one.number, public_word)[:each]
            for code in chosen:
                sent[code] += 1
            rows.append(
                {"list": name, "place": len(rows) + 1, "target": one.number, "ticket": one.ticket, "inspectors": chosen}
            )
    return rows


def _fairest(free: Sequence[str], sent: Mapping[str, int], seed: str, target: str, public_word: str) -> list[str]:
    def order(code: str) -> tuple[int, str, bytes]:
        return sent[code], fair_draw.ticket(seed, f"inspectors/{target}", code, public_word), code.encode()

    return sorted(free, key=order)


def paper(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give the public paper of a draw: all that was committed to, and once it is drawn the lists, seed and results."""
    drawn = facts.get("seed") is not None
    return {
        "method": facts["method"], "title": facts["title"], "committed_at": facts["committed_at"],
        "list_fingerprint": facts["pool_hash"], "commitment": facts["seed_hash"], "public_source": facts["public_source"],
        "revealed_at": facts["revealed_at"] if drawn else None, "lists": facts["pool"] if drawn else None,
        "seed": facts["seed"] if drawn else None, "public_word": facts["public_word"] if drawn else None,
        "drawn": facts["results"] if drawn else None, "procedure": list(PROCEDURE_ZH),
    }  # fmt: skip


def check_paper(told: Mapping[str, Any]) -> list[str]:
    """Draw a published paper again and say everything that does not agree; empty when it is what it says it is."""
    if told.get("method") != METHOD:
        return [f"抽取办法不是 {METHOD}"]
    if not told.get("seed"):
        return ["还没有公布种子，不能重算"]
    text, seed, word = str(told.get("lists", "")), str(told["seed"]), str(told.get("public_word") or "")
    wrong = []
    if text_hash(text) != told.get("list_fingerprint"):
        wrong.append("名单与公布的名单指纹不一致")
    if not fair_draw.keeps_its_word(seed, str(told.get("commitment", ""))):
        wrong.append("种子的 SHA-256 与事先公布的承诺值不一致")
    if bool(word) != bool(told.get("public_source")):
        wrong.append("公开数与事先的约定不一致")
    try:
        again = draw_inspection(text, seed, word)
    except ValueError as broken:
        return [*wrong, f"名单读不懂：{broken}"]
    if again != told.get("drawn"):
        wrong.append("重新抽取的结果与公布的结果不一致")
    return wrong

"""A draw nobody can bend and anybody can repeat: which visits are audited, which homes are inspected, and by whom.

The seed is fixed first and only its SHA-256 is shown (the commitment). Then the lists are fixed and their SHA-256 is
shown. After the draw the seed is shown too, and whoever has the lists draws the same rows with `sha256sum` and `sort`.
`public_word` may name something nobody here could know beforehand (a lottery's number of a later day), so that not even
the keeper of the seed could have chosen it to fit. This module only computes: no database, no clock, no chance of its
own but `new_seed`. Its procedure in words is `PROCEDURE_ZH` and `PROCEDURE_EN`; METHOD names this version of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

METHOD = "yinling-draw-1"
"""Changes whenever another row would be drawn from the same seed and list."""

PROCEDURE_ZH = (
    "抽取办法（yinling-draw-1）：",
    "一、先随机产生种子（64 位十六进制字符），只公布它的 SHA-256，即“承诺值”；种子封存。",
    "二、再固定名单：每行一个编号，按字节顺序排列，用换行符连接后算 SHA-256，公布为“名单指纹”。",
    "三、如约定了公开数（例如某日福利彩票开奖号），开奖后填入；没有约定就留空。",
    "四、公布种子。种子的 SHA-256 必须等于承诺值。",
    "五、每个编号的签号 = SHA-256(种子|公开数|名单名|编号)，写成十六进制；竖线就是字符“|”，文字用 UTF-8。",
    "六、每份名单（每一层）按签号从小到大排列，取前若干个，就是抽中的。签号相同按编号字节顺序。",
    "七、分层时每层抽几个：按各层数量的比例，先取整数部分，余下的名额给小数部分最大的层（相同按层名字节顺序）；"
    "不为空的层至少抽一个（名额够时）。",
    "任何人可以自己算：printf '%s' '种子|公开数|名单名|编号' | sha256sum",
)
PROCEDURE_EN = (
    "How it is drawn (yinling-draw-1):",
    "1. A seed of 64 hexadecimal characters is made at random; only its SHA-256, the commitment, is shown.",
    "2. The list is fixed: one number a line, in byte order, joined by line feeds; its SHA-256 is shown.",
    "3. A public word agreed on beforehand (a lottery's number of a later day) is filled in; empty if none was agreed.",
    "4. The seed is shown. Its SHA-256 must be the commitment.",
    "5. The ticket of a number is SHA-256(seed|public word|list's name|number) in hexadecimal, in UTF-8.",
    "6. Each list (each stratum) is sorted by ticket; the first ones are drawn. Equal tickets go by the number's bytes.",
    "7. Shares of strata: in proportion to their sizes, whole parts first, the rest to the largest fractions (equal"
    " ones by the stratum's bytes); a stratum that is not empty gets at least one while there are enough.",
    "Do it yourself: printf '%s' 'seed|public word|list|number' | sha256sum",
)


@dataclass(frozen=True)
class Drawn:
    """One row that was drawn: its stratum (the list's name), its number in that list, its ticket, and its place (from 1)."""

    stratum: str
    number: str
    ticket: str
    place: int


def new_seed() -> str:
    """Make a seed nobody can guess: 64 hexadecimal characters from the machine's own source of chance."""
    return secrets.token_hex(32)


def commitment(seed: str) -> str:
    """Give what is published before the draw: the seed's SHA-256 in hexadecimal."""
    return hashlib.sha256(seed.encode()).hexdigest()


def keeps_its_word(seed: str, committed: str) -> bool:
    """Tell whether a seed shown after the draw is the one that was committed to before."""
    return hmac.compare_digest(commitment(seed).encode(), committed.encode())


def list_fingerprint(numbers: Iterable[str]) -> str:
    """Give the SHA-256 of a list: its numbers in byte order, joined by line feeds, none after the last.

    Raises ValueError for an empty number, a doubled one, or one with a line feed or a bar.
    """
    ordered = sorted(_checked(numbers), key=_bytes)
    return hashlib.sha256("\n".join(ordered).encode()).hexdigest()


def strata_fingerprint(strata: Mapping[str, Sequence[str]]) -> str:
    """Give the SHA-256 of several lists together: lines `name fingerprint` in byte order of the names."""
    lines = [f"{_name(name)} {list_fingerprint(strata[name])}" for name in sorted(strata, key=_bytes)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def ticket(seed: str, stratum: str, number: str, public_word: str = "") -> str:
    """Give a row's ticket: SHA-256(seed|public word|list's name|number) in hexadecimal."""
    return hashlib.sha256(f"{seed}|{public_word}|{stratum}|{number}".encode()).hexdigest()


def draw(seed: str, numbers: Iterable[str], how_many: int, *, stratum: str = "", public_word: str = "") -> list[Drawn]:
    """Draw `how_many` numbers of one list without replacement, in the order of their tickets; all when there are fewer.

    The same whatever order the list comes in. Raises ValueError for a bad number or fewer than none.
    """
    if how_many < 0:
        raise ValueError("fewer than none cannot be drawn")
    _name(stratum)
    if "|" in public_word or "\n" in public_word:
        raise ValueError("a public word holds neither a bar nor a line feed")
    tickets = sorted(
        ((ticket(seed, stratum, number, public_word), number) for number in _checked(numbers)),
        key=lambda one: (one[0], _bytes(one[1])),
    )
    return [
        Drawn(stratum=stratum, number=number, ticket=drawn, place=place)
        for place, (drawn, number) in enumerate(tickets[:how_many], start=1)
    ]


def share_out(sizes: Mapping[str, int], how_many: int) -> dict[str, int]:
    """Say how many of each stratum are drawn: in proportion, largest fractions first, at least one where enough.

    `sizes` are the strata's numbers of rows. Never more than a stratum holds; whole numbers throughout.
    """
    total = sum(sizes.values())
    wanted = min(max(how_many, 0), total)
    names = sorted((name for name in sizes if sizes[name] > 0), key=_bytes)
    if wanted == 0:
        return dict.fromkeys(sizes, 0)
    shares = {name: sizes[name] * wanted // total for name in names}
    by_fraction = sorted(names, key=lambda name: (-(sizes[name] * wanted % total), _bytes(name)))
    for name in by_fraction[: wanted - sum(shares.values())]:
        shares[name] += 1
    if wanted >= len(names):
        for name in names:
            if shares[name] == 0:
                richest = max(names, key=lambda other: (shares[other], sizes[other]))
                shares[richest] -= 1
                shares[name] = 1
    return {name: shares.get(name, 0) for name in sizes}


def draw_from_strata(
    seed: str, strata: Mapping[str, Sequence[str]], how_many: int, *, public_word: str = ""
) -> list[Drawn]:
    """Draw `how_many` in all from several lists, shared out by `share_out`; in order of the lists' names."""
    shares = share_out({name: len(rows) for name, rows in strata.items()}, how_many)
    return [
        drawn
        for name in sorted(strata, key=_bytes)
        for drawn in draw(seed, strata[name], shares[name], stratum=name, public_word=public_word)
    ]


def public_record(
    seed: str,
    strata: Mapping[str, Sequence[str]],
    how_many: int,
    *,
    public_word: str = "",
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Give the paper of a finished draw as JSON holds it: seed, commitment, lists, fingerprints, and what was drawn."""
    return {
        "method": METHOD,
        "about": dict(about or {}),
        "commitment": commitment(seed),
        "seed": seed,
        "public_word": public_word,
        "how_many": how_many,
        "lists": {name: sorted(strata[name], key=_bytes) for name in sorted(strata, key=_bytes)},
        "lists_fingerprint": strata_fingerprint(strata),
        "drawn": [
            {"list": one.stratum, "number": one.number, "place": one.place, "ticket": one.ticket}
            for one in draw_from_strata(seed, strata, how_many, public_word=public_word)
        ],
        "procedure": list(PROCEDURE_ZH),
    }


def check_record(paper: Mapping[str, Any]) -> list[str]:
    """Draw a published paper again and say everything that does not agree; empty when it is what it says it is."""
    try:
        seed, word = str(paper["seed"]), str(paper.get("public_word", ""))
        strata = {str(name): [str(number) for number in rows] for name, rows in dict(paper["lists"]).items()}
        again = public_record(seed, strata, int(paper["how_many"]), public_word=word)
    except (KeyError, TypeError, ValueError) as broken:
        return [f"这份记录读不懂：{broken}"]
    wrong = []
    if paper.get("method") != METHOD:
        wrong.append(f"抽取办法不是 {METHOD}")
    if not keeps_its_word(seed, str(paper.get("commitment", ""))):
        wrong.append("种子的 SHA-256 与事先公布的承诺值不一致")
    if paper.get("lists_fingerprint") != again["lists_fingerprint"]:
        wrong.append("名单与公布的名单指纹不一致")
    if json.dumps(paper.get("drawn"), sort_keys=True) != json.dumps(again["drawn"], sort_keys=True):
        wrong.append("重新抽取的结果与公布的结果不一致")
    return wrong


def _bytes(text: str) -> bytes:
    return text.encode()


def _name(stratum: str) -> str:
    if "|" in stratum or "\n" in stratum:
        raise ValueError("a list's name holds neither a bar nor a line feed")
    return stratum


def _checked(numbers: Iterable[str]) -> list[str]:
    rows = list(numbers)
    if any(not row or "|" in row or "\n" in row for row in rows):
        raise ValueError("a number in a list is empty or holds a bar or a line feed")
    if len(set(rows)) != len(rows):
        raise ValueError("a number stands twice in a list")
    return rows

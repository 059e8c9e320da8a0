"""The list of registers (台账) an office keeps, each with where it is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.pages.languages import translate
from api.pages.officer_office import Desk
from api.pages.officer_sheets import Cell, plain
from api.pages.register_page import Page, Table, show

router = APIRouter(include_in_schema=False)


@router.get("/officer/registers")
def registers(request: Request, office: Desk) -> Response:
    """Show which registers there are."""
    return show(request, office, _page)


def _page() -> Page:
    rows: list[list[Cell]] = [
        [{"text": word, "href": href}, told]
        for href, word, told in (
            (
                "/officer/registers/purchase",
                translate("政府购买服务"),
                translate("合同、单价、预算和余额，每一分钱到哪一次服务；验收。"),
            ),
            ("/officer/registers/projects", translate("建设项目"), translate("规划了多少处，开工、完工、开业多少处。")),
            (
                "/officer/registers/obligations",
                translate("小区配建和四同步"),
                translate("哪些小区该配建养老用房，规划、建设、验收、交付到哪一步。"),
            ),
            (
                "/officer/registers/checks",
                translate("标准化运行检查"),
                translate("幸福院、养老服务中心逐项检查，合格的才算标准化。"),
            ),
            (
                "/officer/registers/remedies",
                translate("缺口补齐"),
                translate("哪些地方没有设施或者没有达标，用什么办法、哪天以前配齐。"),
            ),
            (
                "/officer/registers/flags",
                translate("地区称号"),
                translate("认知障碍友好社区等称号，从哪天起、依据什么。"),
            ),
        )
    ]
    columns = [plain(translate("台账")), plain(translate("里面有什么"))]
    return Page(
        translate("台账"),
        "",
        tables=[Table("registers", translate("台账目录"), columns, rows)],
        back=("/officer", translate("回总览")),
    )

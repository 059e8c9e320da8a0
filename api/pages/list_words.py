"""What a desk reads about lists, in its own language: kinds of list, steps, and kinds of findings."""

from __future__ import annotations

from api.pages.languages import translate


def kind_words() -> dict[str, str]:
    """Name the kinds of list."""
    return {
        "facilities": translate("设施名录"),
        "compounds": translate("小区名录"),
        "elders": translate("老人名单"),
        "areas": translate("区划和边界"),
        "beds": translate("床位名录"),
        "buildings": translate("楼栋名录"),
        "contracts": translate("政府购买合同"),
        "project_sites": translate("项目点位"),
        "obligations": translate("小区配建义务"),
        "facility_checks": translate("标准化运行检查"),
        "statistics": translate("人口统计数"),
        "homes": translate("机构性质名录"),
        "stays": translate("入住名单"),
    }


def state_words() -> dict[str, tuple[str, str]]:
    """Name how far a list has come, with the tone of its chip."""
    return {
        "uploaded": ("warn", translate("等您核对列")),
        "checking": ("info", translate("正在检查")),
        "checked": ("warn", translate("等您确认导入")),
        "confirmed": ("info", translate("正在导入")),
        "done": ("ok", translate("已导入")),
        "failed": ("bad", translate("没有导入")),
    }


def system_words() -> list[tuple[str, str]]:
    """Name the coordinate systems."""
    return [
        ("gcj02", translate("高德、腾讯地图（GCJ-02）")),
        ("bd09", translate("百度地图（BD-09）")),
        ("wgs84", translate("卫星定位、OpenStreetMap（WGS-84）")),
        ("cgcs2000", translate("测绘部门（CGCS2000）")),
    ]


def finding_words() -> dict[str, str]:
    """Name everything that can be found wrong with a row."""
    return {
        "broken_line": translate("列数不对"),
        "missing_field": translate("必填项为空"),
        "bad_cell": translate("填写有误"),
        "missing_coordinates": translate("没有坐标"),
        "bad_coordinates": translate("坐标填写有误"),
        "swapped": translate("经纬度填反"),
        "default_centre": translate("坐标是城市中心的默认点"),
        "outside_city": translate("不在本市范围内"),
        "outside_office": translate("不在您的辖区"),
        "unknown_area": translate("没有这个区划"),
        "no_area": translate("不知道在哪个社区或街道"),
        "unknown_type": translate("没有这种类型"),
        "unknown_function": translate("没有这种功能"),
        "unknown_provider": translate("没有登记这家机构"),
        "unknown_facility": translate("没有登记这处设施"),
        "taken_elsewhere": translate("编码已被别的城市使用"),
        "duplicate": translate("与前面的行重复"),
        "near_duplicate": translate("与前面的行是同一处，只是写法不同"),
        "bad_outline": translate("边界有误"),
        "no_parent": translate("上级区划没有登记"),
        "bad_id_number": translate("身份证号有误"),
        "number_taken": translate("身份证号已属于别人"),
        "fewer_beds": translate("床位数少于登记数"),
        "unknown_bed": translate("没有登记这张床位"),
        "unknown_elder": translate("没有登记这位老人"),
        "stay_overlaps": translate("与已有的入住记录重叠"),
        "later_standing": translate("之后已有登记"),
        "shared_point": translate("与别的行同一坐标"),
        "shared_point_rewritten": translate("与别的行同一坐标，只是写法不同"),
        "outside_named_area": translate("坐标不在所写的区划里"),
        "placed_by_address": translate("按地址找到位置"),
        "kept_place": translate("没有坐标，沿用已登记的位置"),
        "unused_area": translate("所写的区划没有登记"),
        "mended_outline": translate("边界已修补"),
        "outside_parent": translate("边界超出上级区划"),
        "under_60": translate("不满60岁"),
        "phone_shared": translate("电话与别人相同"),
        "no_id_number": translate("没有身份证号"),
    }

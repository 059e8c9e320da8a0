"""Why a list could not be read, taken over or mended."""

from __future__ import annotations

from services.errors import Conflict, Invalid, NotAllowed, NotFound


class UnreadableList(Invalid):
    """The file cannot be understood as a table; facts: `file_name`, `reason`."""

    message_zh = "这个文件读不出表格。"


class ListTooLarge(Invalid):
    """The file is beyond a limit that keeps one import from stopping the house; facts: `limit`, `found`."""

    message_zh = "这个文件太大了。"


class BadMapping(Invalid):
    """The mapping names a field, a column or a value that is not there; `problems` lists each."""

    message_zh = "列对照有误，未作任何改动。"


class CrsContradicted(Conflict):
    """The points do not fit the areas they name in the declared system; facts: error of each system in metres."""

    message_zh = "声明的坐标系与区划边界不符。"


class UnknownList(Invalid):
    """No room takes over lists of this kind; facts: `known`."""

    message_zh = "没有这种名录。"


class RunNotFound(NotFound):
    """No such import, or not in your area."""

    message_zh = "没有找到这次导入，或者它不在您的辖区。"


class RowNotFound(NotFound):
    """No such waiting row, or not in your area."""

    message_zh = "没有找到这一行，或者它不在您的辖区。"


class RowClosed(Conflict):
    """The row was mended, dropped or replaced before."""

    message_zh = "这一行已经处理过了。"


class RunNotReady(Conflict):
    """The import is not in the state this step needs; facts: `state`."""

    message_zh = "这次导入现在不能做这一步，请刷新页面看看进度。"


class NotYourList(NotAllowed):
    """Lists are taken in by officers for their area and by administrators, elders' lists by officers only."""

    message_zh = "名录由辖区民政工作人员导入；区划由系统管理员导入，老人名单不由系统管理员导入。"

"""What a relative is to the elder, in words."""

from __future__ import annotations

import re

RELATION_WORDS = {
    "daughter": "女儿",
    "son": "儿子",
    "spouse": "老伴",
    "grandchild": "孙辈",
    "niece": "侄女",
    "nephew": "侄子",
    "sibling": "兄弟姐妹",
    "daughter_in_law": "儿媳",
    "son_in_law": "女婿",
    "guardian": "监护人",
}
_WRITTEN = re.compile(r"[\u4e00-\u9fff]+")


def relation_word(relation: str | None) -> str | None:
    """Give a relation in Chinese: a code's word, or the word written at binding; None when it is not known."""
    if relation is None:
        return None
    written = relation if _WRITTEN.fullmatch(relation) else None
    return RELATION_WORDS.get(relation, written)

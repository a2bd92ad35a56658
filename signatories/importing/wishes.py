"""How lists answer whether a name may be shown; a wish not to be named is never overlooked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from coalition.text import fold


def _answers(words: str) -> frozenset[str]:
    return frozenset(fold(word) for word in words.split(" | "))


#: The names are those of an endorsement's visibility.
WISHES = {
    "named": _answers(
        "named | yes | y | true | 1 | public | publicly | publish | published | x | name | by name | with name | "
        "with its name | with our name | oui | public | publiquement | si | sí | sim | público | públicamente | "
        "publicamente | "
        "نعم | علني | 是 | 公开 | 公開 | да | публично | ja | öffentlich | はい"
    ),
    "country": _answers(
        "country | country only | only country | only the country | pays | país | pays seulement | solo país | "
        "solo el país | só o país | البلد | البلد فقط | 国家 | 仅国家 | страна | только страна"
    ),
    "counted": _answers(
        "counted | no | n | false | 0 | count only | anonymous | anonymously | anon | not public | do not publish | "
        "don t publish | total only | non | anonyme | anonymement | ne pas publier | no publicar | anónimo | anónima | "
        "anónimamente | anônimo | anônima | anonym | não | não publicar | "
        "لا | مجهول | دون ذكر الاسم | 否 | 匿名 | 不公开 | нет | анонимно | не публиковать | nein | いいえ"
    ),
    "confidential": _answers("confidential | secret | confidentiel | confidencial | سري | 保密 | конфиденциально"),
}
#: Answers that may be given to any other question too.
_PLAIN = _answers(
    "no | n | false | 0 | non | não | لا | 否 | нет | nein | いいえ | country | pays | país | البلد | 国家 | страна"
)
_WITHHELD = frozenset().union(*(words for wish, words in WISHES.items() if wish != "named")) - _PLAIN


def column(rows: Iterable[Sequence[str]], taken: Collection[int]) -> int | None:
    """The column, whatever it is called, in which somebody does not want to be named."""
    withheld = (
        index for cells in rows for index, cell in enumerate(cells) if index not in taken and fold(cell) in _WITHHELD
    )
    return next(withheld, None)

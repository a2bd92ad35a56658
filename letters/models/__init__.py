"""The nouns of a letter, each in the module of its name."""

from letters.models.endorsements import Endorsement, EndorsementEvent, EndorsementNote, Representative, confirm_by
from letters.models.letters import Addressee, Letter, LetterEvent, LetterNote, LetterRole
from letters.models.versions import Text, Version

__all__ = [
    "Addressee",
    "Endorsement",
    "EndorsementEvent",
    "EndorsementNote",
    "Letter",
    "LetterEvent",
    "LetterNote",
    "LetterRole",
    "Representative",
    "Text",
    "Version",
    "confirm_by",
]

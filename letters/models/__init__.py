"""The nouns of a letter, each in the module of its name."""

from letters.models.deliveries import Delivery, DeliveryFile, DeliveryLine
from letters.models.documents import Document, Format
from letters.models.endorsements import Endorsement, EndorsementEvent, EndorsementNote, Representative, confirm_by
from letters.models.imports import EndorsementImport, ImportedEndorsement
from letters.models.invitations import Invitation
from letters.models.letters import Addressee, Letter, LetterEvent, LetterNote, LetterRole
from letters.models.records import Opening, RecordEntry
from letters.models.responses import Assessment, Attachment, Response, Update
from letters.models.versions import Text, Version

__all__ = [
    "Addressee",
    "Assessment",
    "Attachment",
    "Delivery",
    "DeliveryFile",
    "DeliveryLine",
    "Document",
    "Endorsement",
    "EndorsementEvent",
    "EndorsementImport",
    "EndorsementNote",
    "Format",
    "ImportedEndorsement",
    "Invitation",
    "Letter",
    "LetterEvent",
    "LetterNote",
    "LetterRole",
    "Opening",
    "RecordEntry",
    "Representative",
    "Response",
    "Text",
    "Update",
    "Version",
    "confirm_by",
]

"""Who may take which step with a letter and its endorsements."""

from coalition.models import User
from coalition.roles import is_the_house
from coalition.workflow import Actor
from letters.models import Endorsement, Letter, LetterRole


def has_role(by: User | None, subject: Letter | Endorsement, role: str) -> bool:
    """An account with this role on the letter, an administrator, or the house itself (a command at the console)."""
    if by is None:
        return True
    letter_id = subject.letter_id if isinstance(subject, Endorsement) else subject.pk
    return by.is_active and (
        by.is_superuser or LetterRole.objects.filter(user=by.pk, letter=letter_id, role=role).exists()
    )


CONVENER = Actor("convener", lambda by, subject: has_role(by, subject, LetterRole.Role.CONVENER))
MODERATOR = Actor("moderator", lambda by, subject: has_role(by, subject, LetterRole.Role.MODERATOR))
REPRESENTATIVE = Actor("representative", is_the_house)
EITHER = Actor("representative or moderator", lambda by, subject: has_role(by, subject, LetterRole.Role.MODERATOR))

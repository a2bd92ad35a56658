"""The moderators' desk: letters, and the queue of their endorsements."""

from letters.admin import endorsements, letters

__all__ = ["endorsements", "letters"]

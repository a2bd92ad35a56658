"""Public identifiers: short, random, without meaning, so that nothing can be learnt from them."""

import secrets

#: Without look-alikes and vowels, so that an id can be read out and spells nothing.
ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
LENGTH = 16  # 27 ** 16 is about 2 ** 76


def public_id() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))

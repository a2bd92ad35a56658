"""Pages of letters: to read, to sign, and the representative's own."""

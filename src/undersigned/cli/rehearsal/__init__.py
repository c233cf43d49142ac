"""The rehearsal: the whole life of a letter with invented people, against a real server."""

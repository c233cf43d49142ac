"""Localisation with ICU: collation of names, plurals, numbers, dates, text direction.

Always from the copy of ICU in icu4py's wheel, the same version on every system; never from the system's ICU, whose
rules differ between machines (docs/adr/0085).
"""

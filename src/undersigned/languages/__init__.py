"""What languages ask of a program: the order of names, figures and dates in words, which way a line runs.

All of it is ICU's, from the one copy that the package icu4py brings in its wheel, the same version for every system:
never from the system's, whose rules change with the machine (docs/adr/0085).
"""

"""The database models and their constraints. No logic: the packages that import them read and write the rows."""

"""Every model and its constraints. No logic: rooms above read and write these rows."""

"""What an organiser books in newspapers, and the pages the clerk makes for it."""

"""What operators ask of a data directory: doctor, backup, restore, a change of authority."""

"""Files: durable writes, served files on disk or in a bucket, keys, signed checkpoints, the disk reserve."""

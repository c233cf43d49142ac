"""Files: durable writes, served files on disk or in a bucket, keys, marks, the reserve for withdrawals."""

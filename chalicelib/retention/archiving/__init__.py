"""The archive: sealed copies of rows that were taken away from their places, under Object Lock."""

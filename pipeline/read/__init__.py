"""The one reader of files: CSV in its dialects, spreadsheets, Parquet, compressed or not."""

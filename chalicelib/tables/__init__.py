"""DynamoDB: typed keys, item codec, schema versions, transactions and cursors."""

"""`lipcourse prepare`: a corpus becomes shards, and a page shows what came of it."""

"""Programs that are downloaded: from where, under which names, what uses them, and what verifies them."""

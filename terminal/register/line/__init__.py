"""Our own line protocol."""

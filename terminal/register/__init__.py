"""How cash registers talk to the terminal: one pure codec a protocol, and the link that carries its bytes."""

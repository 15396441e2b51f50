"""What the machine gives: clock, logs, systemd, sockets."""

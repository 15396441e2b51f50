"""Netgíró's checkout API: the wire, the client, and a simulated server to run against."""

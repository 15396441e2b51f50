"""The front panel: the counter's devices on one page of a browser, and the same as HTTP calls.

    backend.py        what the page is shown and may do: implemented by whoever composes terminal and devices
    counter.py        that, for the running terminal and its simulated devices
    changes.py        who is told that something changed
    server.py         the HTTP face
    event_stream.py   its server-sent events
    guard.py          keeps other web sites and other hosts out
    serving.py        the panel's web server, started and stopped with the program
    static/           the page: plain HTML, CSS and ES modules, no build step

Importing this package imports no web server; ``terminal.panel.server`` does.
"""

"""The front panel: the counter's devices on one page of a browser, and the same as HTTP calls.

The page and what every panel has:

    backend.py        what the page is shown and may do: implemented by whoever composes terminal and devices
    counter.py        the same, for the running terminal and its simulated devices
    changes.py        who is notified of a change
    server.py         the HTTP face
    event_stream.py   its server-sent events
    guard.py          keeps other web sites and other hosts out
    own_user.py       without a password lets in only the user that the terminal runs as
    answers.py        what its endpoints have in common
    login.py          lets nobody in without the password, once there is one; system/password.py keeps it
    register_log.py   the register's bytes as lines
    story.py          what is happening: timeline.py, state_diagram.py, promises.py and the journal's rows
    serving.py        puts a panel together: for a real counter, and for a simulated one
    static/           the page: plain HTML, CSS and ES modules, no build step

``terminal.demo`` has what only a simulated counter needs.

Importing this package imports no web server; ``terminal.panel.server`` does.
"""

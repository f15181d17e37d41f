"""Small signals, while the database is the truth.

A signal says only *that* something changed (a topic), after the commit, best effort. Who watches a topic reads the
database again. A backstop compares what is watched with the database every second, so that a lost signal costs a
second and nothing else.
"""

"""A GitHub that runs here: a real HTTP server over real bare git repositories.

Bascule's tests and its demo talk to it as to GitHub; it shares no protection code with the client, so that an
error in one cannot hide the same error in the other.
"""

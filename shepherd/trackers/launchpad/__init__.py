"""The tracker `launchpad`: QA words from tags on bugs, read by searches, written one bug at a time.

`library` is the way through launchpadlib, `reading` what is asked and when, `memory` what is kept until the
next time, `writing` the tagger's side. launchpadlib is an extra, imported only by `library`.
"""

"""The tracker `launchpad`: QA words from tags on bugs, read by searches, written one bug at a time.

`service` is what is asked and how, `reading` when, `memory` what is kept until the next time, `writing` the
tagger's side, `credentials` who asks, `description` what Launchpad says of itself.
"""

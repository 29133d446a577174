"""The tracker `launchpad`: QA words from tags on bugs, read by searches, written one bug at a time.

`service`: what is asked, and how. `reading`: what is read, and when. `memory`: what is kept until the next
reading. `writing`: the tagger's side. `credentials`: who asks. `description`: what Launchpad says of itself.
"""

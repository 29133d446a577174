"""Change sources: from a git repository to a `Reading` of what landed and where everything stands.

`branch.read_branch` reads one branch, `lookup.look_up` finds any landing of its history.
"""

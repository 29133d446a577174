"""What the trackers `github` and `gitlab` have in common: a request is its landing's QA item
(docs/rules.md#marks).

`wire` is when to ask again, `reading` what is asked and when, `things` what
stands under a number and which claim that confirms, `memory` what is kept until the next time, `writing` the
tagger's side, `labels` how new labels look.
"""

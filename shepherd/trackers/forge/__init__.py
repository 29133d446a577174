"""What the trackers `github`, `gitlab` and `gitea` have in common: a request is its landing's QA item
(docs/rules.md#marks).

`reading`: what is asked, and when. `items`: what a number stands for, and whether that confirms a claim.
`memory`: what is kept until the next reading. `writing`: the tagger's side. `labels`: how new labels look.
`wire`: JSON of a known shape, and what the headers say of a rate limit. `rest`: one project by REST.
"""

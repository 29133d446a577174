"""Earlier runs judged again: in what two answers differ (`differences`), and what many runs differ in, told
once (`folds`); what other settings would have answered (`supposed_answers`). Pure; `stages/rejudging` judges
(docs/replay.md)."""

"""What people and cron call, as `inv` or `shepherd`: words in, words out; nothing is decided here.

Every task of the modules here is one; `tasks.py` and `__main__` hand them to Invoke.
"""

from __future__ import annotations

from invoke.tasks import Task

from shepherd.cli import asking, hosting, looking_back, telling, working
from shepherd.running.tasking import collection

namespace = collection(
    *(
        each
        for module in (working, asking, looking_back, telling, hosting)
        for each in vars(module).values()
        if isinstance(each, Task)
    )
)

"""What Launchpad's web service says of itself (WADL, an XML document), as far as it is needed."""

from __future__ import annotations

WADL = "application/vnd.sun.wadl+xml"
_NAMES = {"wadl": "http://research.sun.com/wadl/2006/10"}
_STATUS = ".//wadl:representation[@id='bug_task-full']/wadl:param[@name='status']/wadl:option"
_UNSEARCHABLE = "Unknown"


def statuses_of(description: bytes) -> tuple[str, ...]:
    """The statuses that a bug can be searched by. Raises ValueError: it names none."""
    # it takes its time to import, and is needed once a day
    from xml.etree import ElementTree

    try:
        # expat itself ends entities that grow beyond measure
        root = ElementTree.fromstring(description)  # noqa: S314  # see above
    except ElementTree.ParseError:
        raise ValueError("not a description of a web service") from None
    statuses = [option.get("value", "") for option in root.iterfind(_STATUS, _NAMES)]
    if not all(statuses) or not statuses:
        raise ValueError("a description without statuses of bugs")
    return tuple(status for status in statuses if status != _UNSEARCHABLE)

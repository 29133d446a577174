"""What is deployable, and why. Nothing here prints, knows Invoke, or asks the clock: `now` is passed in."""

__version__ = "0.2.0"

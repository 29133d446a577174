"""How a team's settings come about: checked beyond their types, and written by `inv init`."""

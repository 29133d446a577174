"""What runs on the operator's machine alone: Fabric; a host has no use for it."""

"""What runs on the operator's machine: releases made of a commit, and brought to the hosts by ssh."""

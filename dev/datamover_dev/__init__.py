"""The local stack: a real control plane, the emulator and the operator on one machine, for play, demo and tests."""

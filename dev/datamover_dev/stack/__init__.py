"""The whole stack as processes on this machine: control plane, emulator, operator."""

"""The native backend: plans become C++ that the machine's compiler turns into vector code."""

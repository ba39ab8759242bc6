"""From the IR to program text: arrays with dimensions (`plan`), the call contract, backends."""

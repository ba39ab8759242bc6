"""How exact emitted code is: hard inputs, the truth in many digits, and errors in ulps."""

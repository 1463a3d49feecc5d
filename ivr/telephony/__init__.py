"""The telephone line: implements `ivr.call.ports.Line` on Asterisk."""

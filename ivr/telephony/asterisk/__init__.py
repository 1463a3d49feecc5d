"""Asterisk 22: control by ARI (one outbound websocket a call), media by chan_websocket, FastAGI, AMI.

numbers.py     telephone numbers as they reach us → as we keep them (in ivr/telephony)
admission.py   may this call go to the bot? (pure)
fastagi.py     …asked by Asterisk at the start of a call
ari.py         wire format of control      control.py      its socket
media.py       wire format of media        media_socket.py its socket
playout.py     what is sent when: look-ahead, pause, flush, marks (no clock)
line.py        AsteriskLine: one call
door.py        AsteriskDoor: where Asterisk brings the calls
ami.py         free agents; what became of a hand-over
config.py      templates + settings + packs + secrets → Asterisk's files
secrets.py     generated at the first start
server.py      how to start Asterisk, and its console
"""

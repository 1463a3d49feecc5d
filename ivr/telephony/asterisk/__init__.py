"""Asterisk: FastAGI, AMI, and either of two kinds of media (setting `telephony.media`).

websocket      Asterisk 22: control by ARI (one outbound websocket a call), media by chan_websocket
audiosocket    Asterisk 18 and newer, FreePBX: control by FastAGI, media by AudioSocket, of which we keep the pace

numbers.py     telephone numbers as they reach us → as we keep them (in ivr/telephony)
admission.py   may this call go to the bot? (pure)
fastagi.py     …asked by Asterisk at the start of a call
ari.py         wire format of control      control.py      its socket
media.py       wire format of media        media_socket.py its socket
playout.py     what is sent when: look-ahead, pause, flush, marks (no clock)
line.py        AsteriskLine: one call
door.py        AsteriskDoor: where Asterisk brings the calls
doors.py       the doors by kind of media
audiosocket.py wire format of AudioSocket  audio_peer.py  its socket: a frame every 20 ms
keys.py        keys that AudioSocket and AMI both tell of
audiosocket_line.py, audiosocket_door.py   one call, and where they arrive
ami_link.py    one AMI connection, kept
ami_calls.py   …for calls by AudioSocket: the ticket on the channel, keys
ami.py         free agents; what became of a hand-over
config.py      templates + settings + packs + secrets → Asterisk's files
secrets.py     generated at the first start
server.py      how to start Asterisk, and its console
"""

"""Sound of a call: ICE, DTLS and RTP by aiortc, an optional extra. Imported when a call wants it."""

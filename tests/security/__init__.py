"""The attacker is played here: a hostile peer, a sibling frame, a former user, a stolen database."""

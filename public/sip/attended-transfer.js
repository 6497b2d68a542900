/** REFER with Replaces (RFC 3891 and RFC 5589 section 7): who is to be called, and in the place of whom. */
import { displayText, userOf } from "./messages.js";
import { parsed } from "./replace.js";

/** `{user, attended}` of a Refer-To. Throws for a Replaces that would not stay one header (SIP.js does not look). */
export function calleeOf(referTo) {
  const [replaces] = [referTo.uri.getHeader("replaces")].flat();
  if (!replaces) return { user: userOf(referTo.uri), attended: false };
  if (/[\u0000-\u001f\u007f]/.test(decodeURIComponent(replaces))) throw new SyntaxError("Not a Replaces");
  return { user: referTo.displayName || userOf(referTo.uri), attended: true };
}

/** `dialog` (see `zorioSip.referToCall`) as the Session that SIP.js wants to be given, as far as it looks at it. */
export function otherCall({ target, name, call_id: callId, local_tag: localTag, remote_tag: remoteTag }) {
  return {
    dialog: { remoteTarget: parsed(target), callId, localTag, remoteTag },
    remoteIdentity: { friendlyName: displayText(name) },
  };
}

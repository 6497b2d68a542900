/* Runs public/sip/glance.js and intake.js without a browser: node sip_intake.mjs TOS. Prints, for each To of the JSON array
 * TOS, whether it has a tag; and how many of the messages of a quiet call get through a flood after MANY requests of ours.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { glance } from "../../public/sip/glance.js";
import { Intake } from "../../public/sip/intake.js";

const MANY = 1000;
const tos = JSON.parse(process.argv[2]);
const head = (start, callId, cseq, to) =>
  `${start}\r\nVia: SIP/2.0/WS x;branch=z9hG4bK1\r\nFrom: <sip:b@x>;tag=1\r\nTo: ${to}\r\nCall-ID: ${callId}\r\nCSeq: ${cseq}\r\n\r\n`;

const taken = [];
const intake = new Intake((text) => taken.push(glance(text).callId), () => undefined);
intake.sent(head("INVITE sip:b@x SIP/2.0", "the call", "1 INVITE", "<sip:b@x>"));
for (let n = 0; n < MANY; n += 1) intake.sent(head("OPTIONS sip:x SIP/2.0", `ping ${n}`, "1 OPTIONS", "<sip:x>"));
for (let n = 0; n < MANY; n += 1) intake.put(head("BYE sip:a@x SIP/2.0", `nobody's ${n}`, "1 BYE", "<sip:a@x>;tag=2"));
intake.put(head("BYE sip:a@x SIP/2.0", "the call", "2 BYE", "<sip:a@x>;tag=2"));

const deadline = Date.now() + 10_000;
const heard = () => taken.filter((callId) => callId === "the call").length;
while (!heard() && Date.now() < deadline) await sleep(5);
const tags = tos.map((to) => glance(head("BYE sip:a@x SIP/2.0", "c", "1 BYE", to)).inDialog);
console.log(JSON.stringify({ tags, heard: heard(), taken: taken.length }));
process.exit(); // a MessageChannel keeps Node alive

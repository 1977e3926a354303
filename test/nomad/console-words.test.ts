import { expect, test } from "vitest";
import { complaintWords, consoleWords } from "../../nomad/console-words.ts";

test("a console becomes its last lines, without what steers terminals", () => {
  const console =
    "\u001bc\u001b[?7l\u001b[2J\u001b[0mFirmware\r\nBooting..\u001bc\u001b[2Jroot disk\n\n\u0007panic\n";
  expect(consoleWords(console)).toBe("Firmware | Booting.. | root disk | panic");
});

test("a long console is cut to its end, a long line to its beginning", () => {
  const many = Array.from({ length: 50 }, (_one, at) => `line ${at}`).join("\n");
  expect(consoleWords(many)).toMatch(/^line 42 \| .* \| line 49$/);
  expect(consoleWords("x".repeat(500))).toBe(`${"x".repeat(200)}…`);
});

test("silence has no words", () => {
  expect(consoleWords("\n \u001b[0m\r\n")).toBeNull();
});

test("QEMU's complaint is left without the registers of a processor that it gave up on", () => {
  const complaint = `KVM internal error. Suberror: 1
extra data[0]: 0x0000000000000001
emulation failure
RAX=0000000000000000 RBX=0000000000000017 RCX=ffffffff82b46098 RDX=ffffffff82b39ac0
R8 =0000000000000000 R9 =ffffffff82a03d08 R10=0000000000000003 R11=ffffffff82ad2328
CS =0010 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]
GDT=     fffffe0000001000 0000007f
EFER=0000000000000d01
Code=89 74 24 04 e8 7f 6d 06 fe 85 c0 74 02 <cc> 90 90 90 90
qemu-system-x86_64: terminating on signal 2
`;
  expect(complaintWords(complaint)).toBe(
    "KVM internal error. Suberror: 1 | emulation failure | qemu-system-x86_64: terminating on signal 2",
  );
  expect(complaintWords("CR0=80050033\n")).toBeNull();
});

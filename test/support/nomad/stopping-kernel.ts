/** Where the boot loaders of the Multiboot standard put a kernel: above the first MiB. */
const BASE = 0x10_0000;
const FILE_HEADER_BYTES = 52;
const SEGMENT_HEADER_BYTES = 32;
const MULTIBOOT_MAGIC = 0x1bad_b002;
const MULTIBOOT_BYTES = 12;
/** Between a small machine's memory and its devices, where nothing is that a processor could read. */
const NOWHERE = 0xd000_0000;

/**
 * A kernel that writes its words to the serial console and then jumps to where no memory is. Emulated it stops
 * there in silence; KVM cannot tell a processor how to go on, and says so to QEMU, which pauses the machine.
 */
export function stoppingKernel(words: string): Buffer {
  const text = Buffer.from(`${words}\n`);
  const codeAt = BASE + FILE_HEADER_BYTES + SEGMENT_HEADER_BYTES + MULTIBOOT_BYTES;
  // esi = text, ecx = its length, dx = the serial port; all of it goes out; then on to eax.
  const code = (textAt: number) =>
    Buffer.concat([
      Buffer.from([0xbe]),
      words32(textAt),
      Buffer.from([0xb9]),
      words32(text.length),
      Buffer.from([0x66, 0xba, 0xf8, 0x03, 0xf3, 0x6e, 0xb8]),
      words32(NOWHERE),
      Buffer.from([0xff, 0xe0]),
    ]);
  const body = Buffer.concat([
    words32(MULTIBOOT_MAGIC, 0, 2 ** 32 - MULTIBOOT_MAGIC),
    code(codeAt + code(0).length),
    text,
  ]);
  const bytes = codeAt - BASE - MULTIBOOT_BYTES + body.length;
  const kind = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([
    kind,
    // A program for the 80386, with one segment and no sections.
    words16(2, 3),
    words32(1, codeAt, FILE_HEADER_BYTES, 0, 0),
    words16(FILE_HEADER_BYTES, SEGMENT_HEADER_BYTES, 1, 0, 0, 0),
    // All of the file is loaded, and may be read, written and run.
    words32(1, 0, BASE, BASE, bytes, bytes, 7, 0x1000),
    body,
  ]);
}

const words16 = (...values: readonly number[]) => Buffer.from(new Uint16Array(values).buffer);
const words32 = (...values: readonly number[]) => Buffer.from(new Uint32Array(values).buffer);

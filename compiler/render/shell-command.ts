/**
 * A command as a POSIX shell reads it back: arguments with anything but harmless characters are put
 * in single quotes. Control characters make it `$'...'`, which bash, zsh, ksh and busybox understand.
 */
export function shellCommand(args: readonly string[]): string {
  return args.map(quoteArgument).join(" ");
}

function quoteArgument(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  // oxlint-disable-next-line no-control-regex -- control characters are what needs the other quotes
  if (!/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/.test(argument))
    return `'${argument.replaceAll("'", "'\\''")}'`;
  const bytes = Array.from(new TextEncoder().encode(argument), (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `$'${bytes.join("")}'`;
}

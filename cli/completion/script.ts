import type { Command } from "@oclif/core/command";

/** One way to continue a command line: after these words, this word, which means that. */
interface Continuation {
  /** Words before it joined by a space; empty at the start. */
  readonly after: string;
  readonly word: string;
  readonly meaning: string;
}

/** A script that completes commands, sub-commands, flags and the closed values of flags and arguments. */
export function completionScript(
  shell: "bash" | "zsh" | "fish",
  commands: readonly Command.Loadable[],
): string {
  const table = continuations(commands);
  if (shell === "bash") return bash(table);
  return shell === "zsh" ? zsh(table) : fish(table);
}

function continuations(commands: readonly Command.Loadable[]): Continuation[] {
  const found = new Map<string, Continuation>();
  const add = (after: string, word: string, meaning: string): void => {
    const key = `${after}\0${word}`;
    if (!found.has(key)) found.set(key, { after, word, meaning });
  };
  for (const command of commands) {
    const [first = "", second] = command.id.split(/[: ]/);
    const path = second === undefined ? first : `${first} ${second}`;
    add("", first, second === undefined ? (command.summary ?? "") : `Commands about ${first}.`);
    if (second !== undefined) add(first, second, command.summary ?? "");
    for (const [name, flag] of Object.entries(command.flags)) {
      add(path, `--${name}`, flag.summary ?? flag.description ?? "");
      for (const value of ("options" in flag && flag.options) || []) add(`${path} --${name}`, value, "");
    }
    for (const argument of Object.values(command.args)) {
      for (const value of argument.options ?? []) add(path, value, argument.description ?? "");
    }
  }
  return [...found.values()];
}

/** Single quotes for sh-like shells and fish alike; summaries hold no other odd characters. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

function grouped(table: readonly Continuation[]): Map<string, Continuation[]> {
  const groups = new Map<string, Continuation[]>();
  for (const entry of table) groups.set(entry.after, [...(groups.get(entry.after) ?? []), entry]);
  return groups;
}

function bash(table: readonly Continuation[]): string {
  const cases = [...grouped(table)].map(
    ([after, entries]) =>
      `    ${quoted(after)}) words=${quoted(entries.map(({ word }) => word).join(" "))} ;;`,
  );
  return `# bash completion for delta
_delta() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) [ "$path" = "" ] && path="$word" || { case "$path" in *" "*) ;; *) path="$path $word" ;; esac; } ;; esac
  done
  _delta_words() { case "$1" in
${cases.join("\n")}
    *) words="" ;;
  esac; }
  _delta_words "$path $previous"
  [ -n "$words" ] || _delta_words "$path"
  [ -n "$words" ] || _delta_words "\${path%% *}"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _delta delta
`;
}

function zsh(table: readonly Continuation[]): string {
  const cases = [...grouped(table)].map(([after, entries]) => {
    const items = entries.map(({ word, meaning }) => quoted(`${word}:${meaning.replaceAll(":", "\\:")}`));
    return `    ${quoted(after)}) items=(${items.join(" ")}) ;;`;
  });
  return `#compdef delta
# zsh completion for delta
_delta_items() { case "$1" in
${cases.join("\n")}
    *) items=() ;;
  esac }
_delta() {
  local -a items
  local line="" word previous="\${words[CURRENT-1]}"
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ "$word" == -* ]] && continue
    if [[ -z "$line" ]]; then line="$word"; elif [[ "$line" != *" "* ]]; then line="$line $word"; fi
  done
  _delta_items "$line $previous"
  (( \${#items} )) || _delta_items "$line"
  (( \${#items} )) || _delta_items "\${line%% *}"
  if (( \${#items} )); then _describe 'delta' items; else _files; fi
}
if [ "$funcstack[1]" = "_delta" ]; then _delta "$@"; else compdef _delta delta; fi
`;
}

function fish(table: readonly Continuation[]): string {
  const lines = table.map(({ after, word, meaning }) => {
    const [path = "", flagWithValue] = after.split(" --");
    const note = meaning === "" ? "" : ` -d ${quoted(meaning)}`;
    const below = `complete -c delta -n ${quoted(`_delta_below ${path}`)}`;
    if (flagWithValue !== undefined) return `${below} -l ${flagWithValue} -x -a ${quoted(word)}`;
    if (word.startsWith("--")) return `${below} -l ${word.slice(2)}${note}`;
    return `complete -c delta -f -n ${quoted(`_delta_at ${path}`)} -a ${quoted(word)}${note}`;
  });
  return `# fish completion for delta
function _delta_words
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; or echo $word
    end
end
function _delta_at
    set -l words (_delta_words)
    test "$words" = "$argv"
end
function _delta_below
    set -l words (_delta_words)
    test "$words" = "$argv"; or string match -q -- "$argv *" "$words"
end
${lines.join("\n")}
`;
}

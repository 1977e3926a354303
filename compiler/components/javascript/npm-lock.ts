import { resolveFrom } from "../../paths.ts";
import { Unusable } from "../manifest-text.ts";
import type { ResolutionGraph } from "../findings.ts";
import { LINKS_MAX, ResolutionBuilder } from "../resolution-builder.ts";
import { type JavaScriptLock, type LockLink, type LockSource, OUTSIDE, UNKNOWN } from "./lock.ts";
import { isRecord, parseObject } from "./package-json.ts";

type Entry = Readonly<Record<string, unknown>>;

const OWN_SECTIONS = ["dependencies", "optionalDependencies", "peerDependencies"];
const MODULES = "node_modules/";
const IMPORTER_SECTIONS = [...OWN_SECTIONS, "devDependencies"];

/** Characters of a place; it is a path, and a longer one fits no file system. */
const PLACE_CHARACTERS_MAX = 4_096;

/** The shortest that a dependency can be written: `"a":1,`. */
const LINK_CHARACTERS_MIN = 6;

/** `package-lock.json` and `npm-shrinkwrap.json`, versions 2 and 3: places in `node_modules` by path. */
export function readNpmLock({ text, folder }: LockSource): JavaScriptLock {
  const entries = readEntries(text);
  const installed = new InstalledPlaces(entries);
  let built: ResolutionGraph | null = null;
  const graph = (): ResolutionGraph => (built ??= graphOf(entries, installed, folder));
  // Most are never compared with another. One that may have more links than are read is refused here and now.
  if (text.length > LINKS_MAX * LINK_CHARACTERS_MIN) graph();
  const links = new Map<string, LockLink>();
  // A package asks for its dependencies one after the other: cut out anew, its place would be hashed anew each time.
  let [asking, place] = [folder, ""];
  const link = (from: string, name: string): LockLink => {
    if (from !== asking) {
      asking = from;
      place = from === folder ? "" : from.slice(folder === "." ? 0 : folder.length + 1);
    }
    const found = installed.find(place, name);
    if (found === null) return UNKNOWN;
    const known = links.get(found) ?? linkOf(entries.get(found), folder);
    links.set(found, known);
    return known;
  };
  return {
    get graph() {
      return graph();
    },
    link,
  };
}

function graphOf(
  entries: ReadonlyMap<string, Entry>,
  installed: InstalledPlaces,
  folder: string,
): ResolutionGraph {
  const builder = new ResolutionBuilder<string>();
  for (const [place, entry] of entries) {
    if (isInstalled(place) && entry["link"] !== true) {
      builder.add(place, labelOf(place, entry), contentOf(place, entry));
    }
  }
  for (const [place, entry] of entries) {
    const from = builder.find(place);
    const root = isInstalled(place) ? null : rootOf(folder, place);
    if (root !== null) builder.importer(root);
    for (const name of namesAsked(entry, from === undefined ? IMPORTER_SECTIONS : OWN_SECTIONS)) {
      const to = builder.find(installed.find(place, name) ?? "");
      if (to === undefined) continue;
      if (from !== undefined) builder.link(from, name, to);
      else if (root !== null) builder.ask(root, name, to);
    }
  }
  return builder.build();
}

function linkOf(entry: Entry = {}, folder: string): LockLink {
  const { link: linked, resolved } = entry;
  const root = linked === true && typeof resolved === "string" ? rootOf(folder, resolved) : null;
  return root === null ? OUTSIDE : { to: "component", root };
}

function readEntries(text: string): Map<string, Entry> {
  const { packages } = parseObject(text);
  if (!isRecord(packages)) throw new Unusable("lockfile version 1 does not tell components apart");
  const entries = new Map<string, Entry>();
  for (const [place, entry] of Object.entries(packages)) {
    if (place.length > PLACE_CHARACTERS_MAX) {
      throw new Unusable(
        `it names a place of ${place.length} characters; at most ${PLACE_CHARACTERS_MAX} are read`,
      );
    }
    if (isRecord(entry)) entries.set(place, entry);
  }
  return entries;
}

function isInstalled(place: string): boolean {
  return /(?:^|\/)node_modules\//.test(place);
}

function rootOf(folder: string, place: string): string | null {
  return resolveFrom(folder, place === "" ? "." : place);
}

function nameIn(place: string): string {
  return place.slice(place.lastIndexOf(MODULES) + MODULES.length);
}

function labelOf(place: string, entry: Entry): string {
  const name = typeof entry["name"] === "string" ? entry["name"] : nameIn(place);
  return typeof entry["version"] === "string" ? `${name}@${entry["version"]}` : name;
}

function contentOf(place: string, entry: Entry): string {
  return JSON.stringify([labelOf(place, entry), entry["integrity"] ?? entry["resolved"] ?? null]);
}

function namesAsked(entry: Entry, sections: readonly string[]): string[] {
  const names: string[] = [];
  for (const section of sections) {
    const asked = entry[section];
    if (isRecord(asked)) for (const name of Object.keys(asked)) names.push(name);
  }
  return names;
}

/** Folders that hold a `node_modules`, nearest first, and what was found from them, by name. */
interface Holders {
  readonly prefixes: readonly string[];
  readonly found: Map<string, string | null>;
}

/** The places of a lockfile as Node finds them: in the nearest `node_modules` on the way up. */
class InstalledPlaces {
  readonly #entries: ReadonlyMap<string, Entry>;
  /** What stands before the last `node_modules/` of any place; nothing at the top. No package's name holds another. */
  readonly #holders = new Set<string>();
  /** By folder. Most folders share those of the one around them. */
  readonly #around = new Map<string, Holders>();
  readonly #none: Holders = { prefixes: [], found: new Map() };

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
    for (const place of entries.keys()) {
      const at = place.lastIndexOf(MODULES);
      if (at >= 0) this.#holders.add(place.slice(0, at));
    }
  }

  /** The place that `name` means in the folder of another place. */
  find(from: string, name: string): string | null {
    const { prefixes, found } = this.#holdersAround(from);
    const known = found.get(name);
    if (known !== undefined) return known;
    const holder = prefixes.find((prefix) => this.#entries.has(`${prefix}${MODULES}${name}`));
    const place = holder === undefined ? null : `${holder}${MODULES}${name}`;
    found.set(name, place);
    return place;
  }

  #holdersAround(folder: string): Holders {
    const known = this.#around.get(folder);
    if (known !== undefined) return known;
    const isTop = folder === "";
    const holder = isTop ? "" : `${folder}/`;
    const further = isTop
      ? this.#none
      : this.#holdersAround(folder.slice(0, Math.max(0, folder.lastIndexOf("/"))));
    const isHolder = !folder.endsWith("node_modules") && this.#holders.has(holder);
    const holders = isHolder ? { prefixes: [holder, ...further.prefixes], found: new Map() } : further;
    this.#around.set(folder, holders);
    return holders;
  }
}

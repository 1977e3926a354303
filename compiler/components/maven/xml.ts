import { Unusable } from "../manifest-text.ts";

export interface XmlElement {
  readonly name: string;
  /** Offset of its `<`. */
  readonly start: number;
  readonly children: XmlElement[];
  text: string;
}

/** Levels of nesting; a pom.xml uses about ten. */
const DEPTH_MAX = 100;
const TAG = /^<(\/?)([A-Za-z_][\w.:-]*)(?:\s[^<>]*?)?(\/?)>/;

/**
 * The elements of an XML text, without attributes. Entities stay as written, and a document type is
 * refused: it could define more. Throws Unusable for what is not well formed.
 */
export function readXml(text: string): XmlElement {
  const root: XmlElement = { name: "", start: 0, children: [], text: "" };
  const open = [root];
  for (let at = 0; at < text.length; ) {
    const parent = open.at(-1) ?? root;
    const next = text.indexOf("<", at);
    if (next !== at) {
      parent.text += text.slice(at, next < 0 ? text.length : next);
      if (next < 0) break;
      at = next;
    }
    const skipped = skippedEnd(text, at, parent);
    if (skipped !== null) {
      at = skipped;
      continue;
    }
    const tagEnd = text.indexOf(">", at);
    const [whole, closing, name, empty] = TAG.exec(text.slice(at, tagEnd < 0 ? at : tagEnd + 1)) ?? [];
    if (whole === undefined || name === undefined)
      throw new Unusable(`a tag at offset ${at} is not well formed`);
    if (closing === "/") {
      if (open.length < 2 || open.pop()?.name !== name) throw new Unusable(`</${name}> closes nothing`);
    } else {
      const element: XmlElement = { name, start: at, children: [], text: "" };
      parent.children.push(element);
      if (empty !== "/") open.push(element);
      if (open.length > DEPTH_MAX) throw new Unusable(`it is nested deeper than ${DEPTH_MAX} levels`);
    }
    at += whole.length;
  }
  if (open.length > 1) throw new Unusable(`<${open.at(-1)?.name}> is never closed`);
  return root;
}

/** Where a comment, an instruction or a CDATA section ends; null for anything else. */
function skippedEnd(text: string, at: number, parent: XmlElement): number | null {
  for (const [start, end] of [
    ["<!--", "-->"],
    ["<?", "?>"],
    ["<![CDATA[", "]]>"],
  ] as const) {
    if (!text.startsWith(start, at)) continue;
    const stop = text.indexOf(end, at + start.length);
    if (stop < 0) throw new Unusable(`${start} at offset ${at} is never closed`);
    if (start === "<![CDATA[") parent.text += text.slice(at + start.length, stop);
    return stop + end.length;
  }
  if (text.startsWith("<!", at)) throw new Unusable("it declares a document type, which is not read");
  return null;
}

export function childOf(
  element: XmlElement | undefined,
  ...names: readonly string[]
): XmlElement | undefined {
  let found = element;
  for (const name of names) found = found?.children.find((child) => child.name === name);
  return found;
}

export function childText(element: XmlElement | undefined, name: string): string | null {
  const text = childOf(element, name)?.text.trim();
  return text === undefined || text === "" ? null : text;
}

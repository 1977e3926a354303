import type { Diagnostic } from "../../schemas/diagnostic.ts";
import type { TreeSnapshot } from "../input.ts";
import { unknownDependency } from "./component-diagnostics.ts";
import { type Findings, type FoundComponent, noFindings } from "./findings.ts";
import type { DeclaredComponent } from "./model.ts";

/** The components that the pipeline declares. They may depend on each other and on discovered ones, by id or root. */
export function declaredFindings(
  snapshot: TreeSnapshot,
  declared: readonly DeclaredComponent[],
  discovered: readonly FoundComponent[],
): { readonly findings: Findings; readonly diagnostics: Diagnostic[] } {
  const findings = noFindings();
  const diagnostics: Diagnostic[] = [];
  if (declared.length === 0) return { findings, diagnostics };
  const rootsByLabel = new Map<string, Set<string>>();
  const addLabel = (label: string, root: string): void => {
    const roots = rootsByLabel.get(label) ?? new Set();
    rootsByLabel.set(label, roots.add(root));
  };
  for (const { root, name } of discovered) {
    addLabel(root, root);
    if (name !== null) addLabel(name, root);
  }
  for (const { id, root, place } of declared) {
    addLabel(root, root);
    addLabel(id, root);
    findings.components.push({ root, name: id, kind: "declared", manifest: place, ownership: "folder" });
  }
  for (const { root, depends_on: dependsOn } of declared) {
    for (const { component, place } of dependsOn) {
      const targets = [...(rootsByLabel.get(component) ?? [])];
      if (targets.length === 0)
        diagnostics.push(unknownDependency(snapshot, component, place, [...rootsByLabel.keys()]));
      for (const to of targets) {
        if (to !== root) findings.edges.push({ from: root, to, kind: "declared", place });
      }
    }
  }
  return { findings, diagnostics };
}

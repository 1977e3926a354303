/** The component graph's only door. Pure: everything it knows comes from TreeSnapshots. */
export { affectedComponents } from "./affected.ts";
export { discoverBoth } from "./discover-both.ts";
export { discoverComponents, isManifest } from "./discover.ts";
export type {
  AffectedOptions,
  AffectedResult,
  DeclaredComponent,
  DiscoverKind,
  DiscoverOptions,
  Discovery,
  UnownedPolicy,
} from "./model.ts";
export { readAhead } from "./read-ahead.ts";
export { affectedReport } from "./report.ts";

import { option, string } from "@oclif/core/flags";
import type { ComponentGraph } from "../../schemas/components.ts";
import { DeltaCommand, type JsonAnswer } from "../base-command.ts";
import { fullFlag } from "../full-flag.ts";
import { writeData } from "../output.ts";

export class Graph extends DeltaCommand {
  static override summary = "Print the components of a commit and what depends on what.";
  static override description =
    "Components are those of the manifests and those that the commit's pipeline declares. With --base the ones that the change affects are marked. Each edge names the line it comes from.";
  static override examples = [
    "<%= config.bin %> graph",
    "<%= config.bin %> graph --format mermaid --base origin/main",
    "<%= config.bin %> graph --format dot | dot -Tsvg > graph.svg",
  ];
  static override flags = {
    format: option({
      options: ["text", "json", "dot", "mermaid"] as const,
      default: "text",
      summary: "How to print it.",
    })(),
    base: string({ summary: "Mark what changed since this revision.", helpValue: "REV" }),
    head: string({ summary: "Revision to look at; the default is HEAD.", helpValue: "REV" }),
    ...fullFlag("component"),
  };

  override jsonEnabled(): boolean {
    const at = this.argv.indexOf("--format");
    return (
      super.jsonEnabled() ||
      this.argv.includes("--format=json") ||
      (at !== -1 && this.argv[at + 1] === "json")
    );
  }

  async run(): Promise<JsonAnswer & ComponentGraph & { head: string; affected: readonly string[] }> {
    const { flags } = await this.parse(Graph);
    const { graphHere, renderGraph } = await import("../graph.ts");
    const { head, graph, affected } = await graphHere(flags);
    if (!this.jsonEnabled() && flags.format !== "json")
      writeData(renderGraph(flags.format, graph, new Set(affected), flags.full));
    return { version: 1, head, components: graph.components, edges: graph.edges, affected };
  }
}

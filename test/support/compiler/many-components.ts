/** A repository of npm packages in one workspace: each depends on two that come before it, by a fixed rule. */
export function manyComponents(count: number): Readonly<Record<string, string>> {
  const files: Record<string, string> = {
    "package.json": '{"private":true,"workspaces":["packages/*","apps/*"]}',
    "docs/a.md": "",
  };
  for (let index = 0; index < count; index += 1) {
    const folder = `${index % 10 === 0 ? "apps" : "packages"}/c${index}`;
    const needed = [Math.floor(index / 3), Math.floor(index / 7)].filter((other) => other < index);
    const dependencies = Object.fromEntries(needed.map((other) => [`c${other}`, "*"]));
    files[`${folder}/package.json`] = JSON.stringify({ name: `c${index}`, dependencies }, null, 2);
    files[`${folder}/index.ts`] = "";
  }
  return files;
}

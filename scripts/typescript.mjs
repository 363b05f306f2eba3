/**
 * Whether Node needs help (tsx) to run this repository's TypeScript: Node 20 cannot read types, and 22 has no `using`.
 */
export const needsTsx = !process.features.typescript || Number.parseInt(process.versions.node, 10) < 24;

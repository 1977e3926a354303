import package_ from "../package.json" with { type: "json" };

/** Version of this program: part of every plan it compiles. */
export const PROGRAM_VERSION: string = package_.version;

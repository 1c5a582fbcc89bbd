/**
 * Where the bundle of a program is, made when there is none of these sources yet. Several processes may ask at once.
 * @param entry its first source file, of the product or of the tests.
 * @returns the bundle's first file; throws when the project's folder cannot be written to.
 */
export function compiled(entry: string): Promise<string>;

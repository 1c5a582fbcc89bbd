/** Bytes as WebCrypto takes them: over a buffer that nobody shares. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A key that WebCrypto holds, by the name that browsers and Node both know. */
export type SubtleKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Copies whatever holds bytes. */
export function bytesOf(bytes: ArrayBufferLike | ArrayLike<number>): Bytes {
  return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : Uint8Array.from(bytes as ArrayLike<number>);
}

export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    joined.set(part, end);
    end += part.length;
  }
  return joined;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function utf8(text: string): Bytes {
  return bytesOf(new TextEncoder().encode(text));
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return bytesOf(await crypto.subtle.digest('SHA-256', bytes));
}

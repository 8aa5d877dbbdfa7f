// Server-sent events read by fetch(), for EventSource cannot send an Authorization header.

export interface SseEvent {
  event: string;
  data: string;
  id: string;
}

/** Bytes of the stream, in pieces of any size, to events (WHATWG HTML, 9.2.6). */
export class SseParser {
  private rest = "";
  private event = "";
  private data: string[] = [];
  private id = "";
  private bom = true;

  /** Calls `emit` for every event that `text` completes. */
  push(text: string, emit: (event: SseEvent) => void): void {
    if (this.bom && text.length > 0) {
      this.bom = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    this.rest += text;

    let from = 0;
    for (;;) {
      const end = this.lineEnd(from);
      if (end === null) break;
      this.line(this.rest.slice(from, end.at), emit);
      from = end.next;
    }
    this.rest = this.rest.slice(from);
  }

  /** Where the line that begins at `from` ends; a CR at the very end may be half of a CRLF. */
  private lineEnd(from: number): { at: number; next: number } | null {
    for (let i = from; i < this.rest.length; i++) {
      const c = this.rest.charCodeAt(i);
      if (c === 10) return { at: i, next: i + 1 };
      if (c !== 13) continue;
      if (i + 1 === this.rest.length) return null;
      return { at: i, next: this.rest.charCodeAt(i + 1) === 10 ? i + 2 : i + 1 };
    }
    return null;
  }

  private line(line: string, emit: (event: SseEvent) => void): void {
    if (line === "") {
      if (this.data.length > 0) emit({ event: this.event || "message", data: this.data.join("\n"), id: this.id });
      this.event = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);

    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.id = value;
  }
}

/** How long to wait before the n-th try to connect again, in ms: doubling to 8 s, spread by `random` of 0..1. */
export function retryDelay(n: number, random: number): number {
  return Math.min(8000, 500 * 2 ** Math.max(0, n)) * (0.75 + 0.5 * random);
}

/** Reads a stream to its end. Throws where it breaks or cannot be had. */
export async function readEvents(
  response: Response,
  emit: (event: SseEvent) => void,
): Promise<void> {
  if (!response.body) throw new Error("the stream has no body");
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();

  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    parser.push(decoder.decode(value, { stream: true }), emit);
  }
}

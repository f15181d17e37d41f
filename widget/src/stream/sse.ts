/** One block of an event stream that carries data. */
export interface Frame {
  event: string;
  data: string;
}

/** Takes the text of an event stream in whatever pieces it arrives, and hands on whole frames. */
export function sseParser(onFrame: (frame: Frame) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const blocks = (rest + text.replaceAll('\r', '')).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const frame = { event: valuesOf(block, 'event'), data: valuesOf(block, 'data') };
      if (frame.data) onFrame(frame);
    }
  };
}

function valuesOf(block: string, field: string): string {
  const lines = block.matchAll(RegExp(`^${field}: ?(.*)`, 'gm'));
  return [...lines].map(([, value]) => value).join('\n');
}

/** Reads a response to its end. `onBytes` is called for every chunk, also for comments that keep the line alive. */
export async function readStream(
  body: ReadableStream<Uint8Array>,
  onFrame: (frame: Frame) => void,
  onBytes: () => void,
): Promise<void> {
  const parse = sseParser(onFrame);
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    parse(value);
  }
}

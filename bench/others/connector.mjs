// tiktok-live-connector (Node) on a corpus: frames to events, with a listener to each kind, as its own socket has them.
// Runs where it is installed: `NODE_PATH=... node connector.mjs DIRECTORY CORPUS FRAMES`, DIRECTORY holding node_modules.
// Prints one JSON object: `messages`, `cpu_seconds`.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [directory, corpus, count] = process.argv.slice(2);
const find = createRequire(join(directory, "package.json"));
const { TikTokLiveConnection, deserializeWebSocketMessage } = await import(
  pathToFileURL(find.resolve("tiktok-live-connector"))
);

function readFrames(limit) {
  const data = readFileSync(corpus);
  const frames = [];
  for (let at = 0; at < data.length && frames.length < limit; ) {
    const end = at + 4 + data.readUInt32LE(at);
    frames.push(data.subarray(at + 4, end));
    at = end;
  }
  return frames;
}

async function play(frames) {
  const connection = new TikTokLiveConnection("nobody", { processInitialData: true });
  let heard = 0;
  for (const name of ["chat", "gift", "member", "like", "roomUser", "social"]) connection.on(name, () => heard++);
  let messages = 0;
  for (const data of frames) {
    const { protoMessageFetchResult: result } = await deserializeWebSocketMessage(data);
    messages += result.messages.length;
    await connection.processProtoMessageFetchResult(result);
  }
  if (!heard) throw new Error("no listener was called");
  return messages;
}

const frames = readFrames(Number(count));
await play(frames.slice(0, 100));
const before = process.cpuUsage();
const messages = await play(frames);
const used = process.cpuUsage(before);
console.log(JSON.stringify({ messages, cpu_seconds: (used.user + used.system) / 1e6 }));

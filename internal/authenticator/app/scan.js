// @ts-check
// The camera, and what it reads: by the browser's own reader, else by jsQR. The
// picture never leaves the device.

/** Why there is no picture. */
export class NoCamera extends Error {}

/**
 * A reader of one picture. @returns {Promise<(video: HTMLVideoElement) => Promise<string>>}
 */
async function reader() {
  const Detector = /** @type {any} */ (globalThis).BarcodeDetector;
  try {
    if ((await Detector?.getSupportedFormats())?.includes("qr_code")) {
      const detector = new Detector({ formats: ["qr_code"] });
      return async (video) => (await detector.detect(video))[0]?.rawValue ?? "";
    }
  } catch {
    // named and not there; ours reads then
  }
  // @ts-ignore: served from third_party, it defines a global
  await import("/authenticator/jsqr.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, 640 / Math.max(video.videoWidth, video.videoHeight, 1));
    canvas.width = Math.max(1, Math.round(video.videoWidth * scale));
    canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
    if (!context) return "";
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = context.getImageData(0, 0, canvas.width, canvas.height);
    return /** @type {any} */ (globalThis).jsQR(picture.data, picture.width, picture.height, { inversionAttempts: "dontInvert" })?.data ?? "";
  };
}

/**
 * Shows the camera in the video and reads until found says that it is enough.
 * @param {HTMLVideoElement} video @param {(text: string) => boolean} found
 * @returns {Promise<() => void>} ends it
 */
export async function scan(video, found) {
  let ended = false;
  /** @type {MediaStream} */
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
  } catch (error) {
    throw new NoCamera(error instanceof Error ? error.name : "");
  }
  const end = () => {
    ended = true;
    for (const track of stream.getTracks()) track.stop();
  };
  try {
    video.srcObject = stream;
    await video.play();
    const read = await reader();
    const look = async () => {
      if (ended) return;
      try {
        const text = video.readyState >= 2 ? await read(video) : "";
        if (text && !ended && found(text)) return end();
      } catch {
        // one picture that cannot be read; the next may be
      }
      setTimeout(look, 150);
    };
    void look();
  } catch (error) {
    end();
    throw new NoCamera(error instanceof Error ? error.name : "");
  }
  return end;
}

/**
 * The code of a pairing in what was scanned, opened or pasted.
 * @param {string} text @returns {string} "" where there is none
 */
export function pairingCode(text) {
  return /#pair=([A-Za-z0-9_-]{8,128})$/.exec(text.trim())?.[1] ?? "";
}

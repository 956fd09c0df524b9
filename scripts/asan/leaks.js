/**
 * Which of LeakSanitizer's findings are ours. Node frees little when it ends, and all of that is listed; a finding counts when the memory
 * was asked for by the addon (Caffe included) or by a library that it called, which shows as a frame of the addon near the top: further
 * down it is only Node's own memory, taken while Node loads the addon or answers a call of it.
 */
const NEAR = 12;
const ADDON = /\/caffe\.node[+)]|\(.*caffe\.node/;
const NODE = /\bnode::|\bv8::|\bnapi_|\/node[+)]|\(.*\/bin\/node/;

/** A finding: a headline, and the frames below it, the innermost first. */
function findings(text) {
  return text
    .split(/\n(?=(?:Direct|Indirect) leak of)/)
    .filter((part) => /^(Direct|Indirect) leak of/.test(part))
    .map((part) => {
      const frames = part.split('\n').filter((line) => /^\s+#\d+ /.test(line));
      return { text: part.trim(), frames };
    });
}

function isOurs({ frames }) {
  const addon = frames.slice(0, NEAR).findIndex((frame) => ADDON.test(frame));
  const node = frames.findIndex((frame) => NODE.test(frame));
  return addon >= 0 && (node < 0 || addon < node);
}

/** @returns {string} the findings that are ours; empty when there is none */
function leaksIn(text) {
  return findings(text)
    .filter(isOurs)
    .map((finding) => finding.text)
    .join('\n\n');
}

module.exports = { leaksIn };

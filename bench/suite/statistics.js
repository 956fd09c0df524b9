/** The value that this share of the values lies below; between two of them, the straight line. */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

const median = (values) => quantile(values, 0.5);

const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** How a measurement is reported: the median, how far apart the middle half lies, and the extremes. */
function summaryOf(values) {
  return {
    ms: round(median(values)),
    spread: round(quantile(values, 0.75) - quantile(values, 0.25)),
    min: round(Math.min(...values)),
    max: round(Math.max(...values)),
    rounds: values.length,
  };
}

/** Four significant figures: more of them is noise. */
const round = (value) => Number(value.toPrecision(4));

module.exports = { geometricMean, median, quantile, round, summaryOf };

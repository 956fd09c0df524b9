import type { SetName } from './dataset';
import { randomFrom, shuffled } from './random';

/** An image and the index of its class. */
export interface ListedImage {
  file: string;
  label: number;
}

/**
 * Divides the images of each class among the sets, at random, and puts each set into random order.
 *
 * @param filesByLabel at least as many files for each class as there are sets.
 * @param shares       percentages; the rest is for training.
 */
export function split(
  filesByLabel: readonly (readonly string[])[],
  shares: { validation: number; test: number },
  seed: number,
): Record<SetName, ListedImage[]> {
  const random = randomFrom(seed);
  const classes = filesByLabel.map((files, label) => {
    const images = shuffled(files, random).map((file) => ({ file, label }));
    const { validation, test } = countsOf(images.length, shares);
    return {
      validation: images.slice(0, validation),
      test: images.slice(validation, validation + test),
      train: images.slice(validation + test),
    };
  });
  const all = (set: SetName) =>
    shuffled(
      classes.flatMap((images) => images[set]),
      random,
    );
  return { train: all('train'), validation: all('validation'), test: all('test') };
}

/** At least one image for every set that is wanted, and one to train with. */
function countsOf(images: number, shares: { validation: number; test: number }): { validation: number; test: number } {
  const wanted = (percent: number) => (percent === 0 ? 0 : Math.max(1, Math.round((images * percent) / 100)));
  const others = shares.test === 0 ? 1 : 2; // training, and the test set where there is one
  const validation = shares.validation === 0 ? 0 : Math.min(wanted(shares.validation), images - others);
  const test = Math.min(wanted(shares.test), images - 1 - validation);
  return { validation, test };
}

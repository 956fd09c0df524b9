/** What pycaffe has as `caffe.io`. */
export { loadImage, oversample, resizeImage } from '../image';
export { Transformer } from '../transformer';
export {
  arraylistToBlobprotovector,
  arrayToBlobproto,
  type BlobProto,
  type BlobProtoVector,
  blobprotoToArray,
  blobprotovectorToArraylist,
} from './blobproto';
export { arrayToDatum, type Datum, type DatumArray, datumToArray } from './datum';
export { loadMean, meanPixel, saveMean } from './mean';
export { decodeMessage, encodeMessage } from './message';

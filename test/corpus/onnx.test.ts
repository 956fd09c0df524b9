import { corpus } from './support/corpus';

corpus('onnx');

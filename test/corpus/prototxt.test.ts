import { corpus } from './support/corpus';

corpus('prototxt');

import { corpus } from './support/corpus';

corpus('networks');

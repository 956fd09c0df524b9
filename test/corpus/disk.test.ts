import { corpus } from './support/corpus';

corpus('disk');
